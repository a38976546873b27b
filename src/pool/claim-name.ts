import { readFileSync } from 'node:fs';
import { attempt } from '../errors.js';
import { clockMs } from '../process/clock.js';
import { nestedNamespace } from '../process/pid-namespace.js';
import { type ProcessId, parseProcessId, startOf } from '../process/process-table.js';

/**
 * The name of a claim's file, `HOLDER[-FORMER][_NUMBER][@NAMESPACE][~RETURNER]`. Every change of it is one rename(2), which one process
 * wins; docs/ARCHITECTURE.md draws them.
 */
export interface ClaimName {
  /** The process that the claim lives and dies with. */
  holder: ProcessId;
  /** The process that took the slots, if it has handed them over to the holder. */
  former?: ProcessId | undefined;
  /**
   * Tells apart the claims of a process that takes slots for several jobs: when it was opened, in microseconds since boot. The
   * only claim of a process has none.
   */
  number?: string | undefined;
  /** The number of the pid namespace that both are in, unless that is the initial one: there pids come again. */
  namespace?: string | undefined;
  /** The process that is returning the slots. */
  returner?: ProcessId | undefined;
}

const PATTERN = /^(\d+\.\d+)(?:-(\d+\.\d+))?(?:_(\d+))?(?:@(\d+))?(?:~(\d+\.\d+))?$/;

/** Returns the parts of a claim's name; undefined if the text is no such name. */
export function parseClaimName(text: string): ClaimName | undefined {
  const [, holderText = '', former = '', number, namespace, returner = ''] = PATTERN.exec(text) ?? [];
  const holder = parseProcessId(holderText);
  return holder && { holder, former: parseProcessId(former), number, namespace, returner: parseProcessId(returner) };
}

/** Returns the file's name. */
export function formatClaimName({ holder, former, number, namespace, returner }: ClaimName): string {
  const part = (mark: string, text: string | undefined) => (text === undefined ? '' : mark + text);
  return holder + part('-', former) + part('_', number) + part('@', namespace) + part('~', returner);
}

/** Who took a claim's slots: `HOLDER[_NUMBER]`, a process, or one of several claims of a process. */
export type Taker = ProcessId;

/** Returns the name of a new claim of a taker in our pid namespace. */
export const nameNewClaim = (taker: Taker): string => formatClaimName({ holder: taker, namespace: nestedNamespace() });

/** Returns the name under which another process in the same pid namespace holds a claim. */
export const nameHandedOver = (name: ClaimName, holder: ProcessId): string =>
  formatClaimName({ ...name, holder, former: name.former ?? name.holder, returner: undefined });

/** Returns the name under which a process returns a claim. */
export const nameReturning = (name: ClaimName, returner: ProcessId): string => formatClaimName({ ...name, returner });

/** Returns the name of a claim that nobody is returning. */
export const nameHeld = (name: ClaimName): string => formatClaimName({ ...name, returner: undefined });

/** Returns whether another process than the holder took the slots. */
export const isHandedOver = ({ former }: ClaimName): boolean => former !== undefined;

/** Returns whether a process is returning the slots, or has died while it did. */
export const isReturning = ({ returner }: ClaimName): boolean => returner !== undefined;

/** Returns who took the slots. */
export const findTaker = ({ holder, former, number }: ClaimName): Taker =>
  number === undefined ? (former ?? holder) : `${former ?? holder}_${number}`;

/** Returns when what the claim is for was started, in microseconds since boot: its holder, or its own job's wait. */
export const ageOf = ({ holder, number }: ClaimName): number =>
  number === undefined ? startOf(holder) * MICROSECONDS_PER_TICK : Number(number);

const MICROSECONDS_PER_TICK = 10_000;

let last = 0;

/** When this process's clock began, in milliseconds since boot, and when that was asked for by that clock. */
let began = { ms: 0, askedMs: -Infinity };

/** For how long that holds: the clock of a process stands still while the machine sleeps. */
const CLOCK_MS = 1000;

const uptimeMs = (): number =>
  attempt('read', '/proc/uptime', () => Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000);

/** Returns a taker that this process has not been before, for one of its jobs. @param self this process */
export function nameTaker(self: ProcessId): Taker {
  const nowMs = clockMs();
  if (nowMs - began.askedMs > CLOCK_MS) began = { ms: uptimeMs() - nowMs, askedMs: nowMs };
  last = Math.max(last + 1, Math.floor((began.ms + nowMs) * 1000));
  return `${self}_${last}`;
}

/** Returns whether the pids in the name are of our pid namespace. */
export const isOfOurNamespace = ({ namespace }: ClaimName): boolean => namespace === nestedNamespace();
