import { lutimesSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../../src/process/process-table.js';
import type { Actor } from './actors.js';
import { listOurs, type Ours, signalTo } from './processes.js';
import type { Random } from './random.js';
import { listFiles, type Stage } from './stage.js';

/** What is aimed at, and how often. */
const AIMS = [
  { at: 'keeper', weight: 2 },
  { at: 'private keeper', weight: 1 },
  { at: 'command', weight: 8 },
  { at: 'job', weight: 4 },
  { at: 'client', weight: 2 },
  { at: 'other', weight: 2 },
  { at: 'whole', weight: 1 },
  { at: 'clock', weight: 2 },
] as const;

const GENTLE = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type Blow = (typeof GENTLE)[number] | 'SIGKILL' | 'SIGSTOP';
const BLOWS: readonly Blow[] = [...GENTLE, 'SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGSTOP'];

/** Milliseconds that what is stopped stays so at most. */
const LONGEST_STOP = 700;

/** How much longer a keeper stays so: for several of the looks that it takes once a second. */
const KEEPER_STOP = 6;

/** Seconds by which a clock jumps. */
const JUMP = 3600;

/**
 * Strikes one process, or all of one actor. What is decided follows from the random numbers alone, of which it always takes
 * as many; whom it hits depends on who is there.
 * @returns what it did, `SIGKILL to a job`; undefined if there was no such process
 */
export async function strike(
  stage: Stage,
  actors: ReadonlyMap<number, Actor>,
  random: Random,
): Promise<string | undefined> {
  const { at } = random.pick(AIMS, ({ weight }) => weight);
  const blow = random.pick(BLOWS);
  const lot = random.next();
  const pause = random.integer(20, LONGEST_STOP);
  const ours = listOurs(stage.run, stage.fifo);
  if (at === 'whole') {
    if (stage.cast.user !== undefined) return undefined;
    const running = [...new Set(ours.map(({ actor }) => actor))].flatMap((number) => actors.get(number) ?? []);
    const actor = running[Math.floor(lot * running.length)];
    if (actor === undefined) return undefined;
    actor.touched = true;
    actor.ending = true;
    await endWhole(stage, actor);
    return `SIGKILL to all of a scene`;
  }
  if (at === 'clock') return turnClock(stage, lot);
  const isKeeper = at === 'keeper' || at === 'private keeper';
  // SIGTERM is how a keeper is told to end the pool.
  const wanted = isKeeper && blow !== 'SIGSTOP' ? 'SIGKILL' : blow;
  // The keeper of a user that may not look into root's processes can prove no token lost: nobody dies with one.
  const signal = stage.cast.user !== undefined && at !== 'job' ? 'SIGSTOP' : wanted;
  const victims = ours
    .filter(({ role }) => role === at)
    .filter((process) => isKeeper || isFair(process, actors, signal));
  const victim = victims[Math.floor(lot * victims.length)];
  if (victim === undefined) return undefined;
  const actor = actors.get(victim.actor);
  if (actor !== undefined && at !== 'keeper') {
    actor.touched = true;
    actor.told ||= isTelling(victim, actor, signal);
  }
  if (!signalTo(victim, signal)) return undefined;
  if (signal === 'SIGSTOP')
    // A keeper may have been started by a scene that was ended long ago.
    setTimeout(
      () => (!isKeeper && actor?.ending) || signalTo(victim, 'SIGCONT'),
      isKeeper ? KEEPER_STOP * pause : pause,
    );
  return `${signal} to a ${at}`;
}

/** Lets a file of the pool's state, or its FIFO, have been changed an hour ago or in an hour, as if the clock were set. */
function turnClock({ state, fifo }: Stage, lot: number): string | undefined {
  const files = [fifo, ...listFiles(state)];
  const place = lot * files.length;
  const time = Date.now() / 1000 + (place % 1 < 0.5 ? -JUMP : JUMP);
  try {
    lutimesSync(files[Math.floor(place)] ?? fifo, time, time);
    return 'jumps of the clock';
  } catch {
    // It is gone.
    return undefined;
  }
}

const isGentle = (signal: Blow): boolean => GENTLE.some((gentle) => gentle === signal);

const isTelling = ({ pid, role }: Ours, actor: Actor, signal: Blow): boolean =>
  isGentle(signal) && (pid === actor.pid || role === 'client');

/** Returns whether the rule of its scene allows it. */
function isFair(victim: Ours, actors: ReadonlyMap<number, Actor>, signal: Blow): boolean {
  const actor = actors.get(victim.actor);
  if (actor === undefined || (signal === 'SIGSTOP' && actor.scene.stopsToo)) return false;
  if (actor.scene.rule === 'any' || signal === 'SIGSTOP' || victim.role === 'job') return true;
  if (actor.scene.rule === 'shell') return victim.role === 'command';
  if (actor.told && isTelling(victim, actor, signal)) return false;
  return victim.pid === actor.pid || (isGentle(signal) && ['client', 'command'].includes(victim.role));
}

/** Kills all of an actor, the jobs first: until they are dead nobody can see their slots free. */
async function endWhole({ run, fifo }: Stage, { number }: Actor): Promise<void> {
  const list = () => listOurs(run, fifo).filter(({ actor, role }) => actor === number && role !== 'keeper');
  // Nobody starts another one meanwhile. Who sleeps in vfork(2) stops when it wakes up.
  for (let moving = list(); moving.length > 0; moving = list().filter(({ state }) => !/[TD]/.test(state))) {
    for (const process of moving) signalTo(process, 'SIGSTOP');
    await delay(2);
  }
  const all = list();
  const jobs = all.filter(({ role }) => role === 'job');
  for (const job of jobs) signalTo(job, 'SIGKILL');
  while (jobs.some(({ id }) => isAlive(id))) await delay(2);
  for (const process of all) signalTo(process, 'SIGKILL');
}
