/** What --auth can be. `auto` asks the make that would run. */
export const AUTH_CHOICES = ['auto', 'fifo', 'pipe'] as const;

export type AuthChoice = (typeof AUTH_CHOICES)[number];

/** What the user asked for of the way in which programs join a pool. */
export interface JoinOptions {
  /** --auth; undefined if it was not given. */
  auth: AuthChoice | undefined;
  /** The variables that stay although they override the pool. */
  keep: readonly string[];
  /** Whether PATH gets wrappers. */
  shims: boolean;
  /** The variables that are set to the job's number of slots; undefined if the user named no number of slots. */
  countVariables: readonly string[] | undefined;
  /** Whether a job of several slots gets the pool itself, not one of just these. */
  share: boolean;
  /** Whether a number of jobs in the command line is changed to the slots that are free. */
  fit: boolean;
}
