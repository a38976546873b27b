import { nestedNamespace } from '../process/pid-namespace.js';
import { type ProcessId, parseProcessId } from '../process/process-table.js';

/**
 * The name of a claim's file, `HOLDER[-FORMER][@NAMESPACE][~RETURNER]`. Every change of it is one rename(2), which one process
 * wins; docs/ARCHITECTURE.md draws them.
 */
export interface ClaimName {
  /** The process that the claim lives and dies with. */
  holder: ProcessId;
  /** The process that took the slots, if it has handed them over to the holder. */
  former?: ProcessId | undefined;
  /** The number of the pid namespace that both are in, unless that is the initial one: there pids come again. */
  namespace?: string | undefined;
  /** The process that is returning the slots. */
  returner?: ProcessId | undefined;
}

const PATTERN = /^(\d+\.\d+)(?:-(\d+\.\d+))?(?:@(\d+))?(?:~(\d+\.\d+))?$/;

/** Returns the parts of a claim's name; undefined if the text is no such name. */
export function parseClaimName(text: string): ClaimName | undefined {
  const [, holderText = '', former = '', namespace, returner = ''] = PATTERN.exec(text) ?? [];
  const holder = parseProcessId(holderText);
  return holder && { holder, former: parseProcessId(former), namespace, returner: parseProcessId(returner) };
}

/** Returns the file's name. */
export function formatClaimName({ holder, former, namespace, returner }: ClaimName): string {
  const part = (mark: string, text: string | undefined) => (text === undefined ? '' : mark + text);
  return holder + part('-', former) + part('@', namespace) + part('~', returner);
}

/** Returns the name of a new claim of a process in our pid namespace. */
export const nameNewClaim = (holder: ProcessId): string => formatClaimName({ holder, namespace: nestedNamespace() });

/** Returns the name under which another process in the same pid namespace holds a claim. */
export const nameHandedOver = (name: ClaimName, holder: ProcessId): string =>
  formatClaimName({ holder, former: findTaker(name), namespace: name.namespace });

/** Returns the name under which a process returns a claim. */
export const nameReturning = (name: ClaimName, returner: ProcessId): string => formatClaimName({ ...name, returner });

/** Returns the name of a claim that nobody is returning. */
export const nameHeld = (name: ClaimName): string => formatClaimName({ ...name, returner: undefined });

/** Returns whether another process than the holder took the slots. */
export const isHandedOver = ({ former }: ClaimName): boolean => former !== undefined;

/** Returns whether a process is returning the slots, or has died while it did. */
export const isReturning = ({ returner }: ClaimName): boolean => returner !== undefined;

/** Returns the process that took the slots. */
export const findTaker = ({ holder, former }: ClaimName): ProcessId => former ?? holder;

/** Returns whether the pids in the name are of our pid namespace. */
export const isOfOurNamespace = ({ namespace }: ClaimName): boolean => namespace === nestedNamespace();
