/** What went wrong, as a closed set; src/cli/exit-status.ts has the exit status of each. */
export type ErrorKind =
  /** The command line is wrong. */
  | 'usage'
  /** There is no pool, or what is advertised cannot be joined. */
  | 'no-pool'
  /** No slot came in time. */
  | 'no-slot'
  /** The command to run is not there. */
  | 'not-found'
  /** It is there, and cannot be run. */
  | 'not-executable'
  /** Anything else that the system or the user's files refused. */
  | 'failed';

/** Prints a message about what ends nothing. */
export type Warn = (text: string) => void;

/** An error that is printed as one line, `prog: MESSAGE`, and never with a stack. */
export class JobserverError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.name = 'JobserverError';
    this.kind = kind;
  }
}

/** A signal ended a wait. */
export class Interrupted extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(signal);
    this.name = 'Interrupted';
    this.signal = signal;
  }
}

/** Returns whether it is an error of ours. A bundle that is loaded late has a class of its own, so the name decides. */
export function isJobserverError(error: unknown): error is JobserverError {
  return error instanceof Error && error.name === 'JobserverError';
}

/** Returns whether it is an Interrupted, as isJobserverError() does. */
export function isInterrupted(error: unknown): error is Interrupted {
  return error instanceof Error && error.name === 'Interrupted';
}

/** Returns the error code (`ENOENT`) of a system error, else undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Returns whether the system had too little left to answer, which says nothing about what it was asked for. */
export function isExhausted(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO'].includes(errorCode(error) ?? '');
}

/** Returns the system's words for an error: `No such file or directory`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const words = process.getBuiltinModule('node:util').getSystemErrorMap().get(number)?.[1] ?? error.message;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Makes the error `cannot VERB 'OBJECT': REASON`. */
export function cannot(verb: string, object: string, error: unknown, kind: ErrorKind = 'failed'): JobserverError {
  return new JobserverError(kind, `cannot ${verb} '${object}': ${reasonOf(error)}`);
}

/** Runs `action`; its system errors become `cannot VERB 'OBJECT': REASON`. */
export function attempt<T>(verb: string, object: string, action: () => T, kind?: ErrorKind): T {
  try {
    return action();
  } catch (error) {
    throw errorCode(error) === undefined ? error : cannot(verb, object, error, kind);
  }
}
