import { closeSync, constants, linkSync, openSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { errorCode } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import { locksFolder } from '../pool/pool-folder.js';
import { type Claim, recordTrace } from './claim.js';
import { lockedBy, tryLock } from './locks.js';
import { listLocks } from './wake-waiters.js';

/*
 * A trace is a file in the Trace Event Format (JSON array), a line for each event, appended with one write(2): any number of
 * processes write it, and a crash leaves it readable, because the format does without the last bracket. Each slot is a lane, a
 * thread in the words of the format. A job takes the first lanes that are free, by locks, and frees them before its slots go back,
 * so there are no more lanes than slots. Who removes the claim of a job writes its end, also if the job was killed.
 */

/** Names the trace of a pool that js-create did not make. */
export const TRACE_VARIABLE = 'JOBSERVER_TOOLS_TRACE';

/** The pool, a process in the words of the format. */
const PID = 1;

const lane = (number: number): string => `lane-${number}`;

/**
 * Begins a trace.
 * @param jobs the N of the pool, if it is known
 * @throws NodeJS.ErrnoException
 */
export function createTrace(file: string, jobs: number | undefined): void {
  writeFileSync(file, header(jobs), { flag: 'w' });
}

const header = (jobs = 0): string => `[\n${[...Array(jobs).keys()].map((index) => nameLane(index + 1)).join('')}`;

const nameLane = (tid: number): string =>
  format({ ph: 'M', name: 'thread_name', pid: PID, tid, args: { name: `slot ${tid}` } });

const format = (event: object): string => `${JSON.stringify(event)},\n`;

/** Returns the time in microseconds since boot, by a clock that all processes have and nobody sets. */
export const traceTimeUs = (): number => Number(process.hrtime.bigint() / 1000n);

/**
 * Writes that the claim's job begins, and how long it has waited.
 * @param askedUs when it began to wait
 * @throws NodeJS.ErrnoException if the file cannot be written
 */
export function traceBegin(claim: Claim, file: string, command: string, askedUs: number): void {
  const nowUs = traceTimeUs();
  const [word = ''] = command.split(' ');
  const name = word.slice(word.lastIndexOf('/') + 1) || '?';
  const wait = { cat: 'wait', id: claim.id, name, pid: PID, tid: 0 };
  const events: object[] = [
    { ph: 'b', ...wait, ts: askedUs, args: { command } },
    { ph: 'e', ...wait, ts: nowUs },
  ];
  // What runs in the slot of the command that started it is part of that.
  const count = claim.owner?.startsWith('below-') && claim.implicit ? claim.held - 1 : claim.held;
  // Before the lanes, so that whoever removes the claim frees them.
  if (count > 0) recordTrace(claim, file);
  for (const tid of takeLanes(claim, count))
    events.push({ ph: 'B', cat: 'job', name, pid: PID, tid, ts: nowUs, args: { command, claim: claim.id } });
  append(file, events.map(format).join(''));
}

/** Writes that the job of the claim with that inode has ended, and frees its lanes. What cannot be written is left out. */
export function traceEnd(pool: Pool, file: string, inode: number): void {
  const lanes = listLocks(pool).filter((name) => /^lane-\d+$/.test(name) && lockedBy(pool, name) === inode);
  const ts = traceTimeUs();
  try {
    append(file, lanes.map((name) => format({ ph: 'E', pid: PID, tid: Number(name.slice(5)), ts })).join(''));
  } catch {
    // The slots count more.
  }
  for (const name of lanes) tryUnlink(`${locksFolder(pool.folder)}/${name}`);
}

/** Takes the first lanes that are free; none for a job in the slot of a make that js-run started, which has one itself. */
function takeLanes(claim: Claim, count: number): number[] {
  const { jobs: most = Number.POSITIVE_INFINITY } = claim.pool;
  const taken = new Set(listLocks(claim.pool));
  const lanes: number[] = [];
  for (let number = 1; lanes.length < count && number <= most; number++)
    if (!taken.has(lane(number)) && tryLock(claim, lane(number))) lanes.push(number);
  return lanes;
}

function append(file: string, text: string): void {
  if (text === '') return;
  const fd = openTrace(file);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Opens a trace to append to it. If there is none, it is there with its head at once, whoever else does the same. */
function openTrace(file: string): number {
  const open = () => openSync(file, constants.O_WRONLY | constants.O_APPEND);
  try {
    return open();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const draft = `${file}.${process.pid}`;
  createTrace(draft, undefined);
  try {
    linkSync(draft, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return open();
}

function tryUnlink(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It is gone with the pool.
  }
}
