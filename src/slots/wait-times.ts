import { clockMs } from '../process/clock.js';

/** How often the first in a queue looks for what wakes nobody: dead holders, a dead keeper, and memory that is free. */
export const LOOK_INTERVAL_MS = 1000;

/** How often those far behind look whether the process just ahead is still there; those near the front look more often. */
const LOOK_AHEAD_INTERVAL_MS = 20_000;

/** Returns after how many milliseconds a process looks again. @param place how many are ahead of it */
export const lookDelayMs = (place: number): number => Math.min(LOOK_INTERVAL_MS * (1 + place), LOOK_AHEAD_INTERVAL_MS);

/** After how long a person is told what a command waits for. */
export const LONG_WAIT_MS = 1000;

/** The longest time that setTimeout() can wait. */
export const MAX_TIMER_MS = 0x7fff_ffff;

/** Returns how many milliseconds are left of a wait. @param sinceMs when it began, by clockMs(); undefined if it begins now */
export const restMs = (timeoutMs: number, sinceMs: number | undefined): number =>
  sinceMs === undefined ? timeoutMs : Math.max(0, sinceMs + timeoutMs - clockMs());
