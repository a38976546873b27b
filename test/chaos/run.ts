import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Actor, startActor } from './actors.js';
import type { Cast } from './casts.js';
import { endPool } from './ending.js';
import { describeAll } from './evidence.js';
import { readJobs } from './jobs.js';
import { listOurs, signalTo } from './processes.js';
import { makeRandom } from './random.js';
import { crowdOf, scenesOf } from './scenes.js';
import { makeStage, readKeeperLog, type Stage } from './stage.js';
import { strike } from './strikes.js';
import { summarize } from './summary.js';

/** What is to be done. */
export interface Wish {
  /** The root of this package, built. */
  repository: string;
  cast: Cast;
  seed: number;
  /** How long new scenes begin, in seconds. */
  seconds: number;
  /** How many js-runs are started at once at the beginning. */
  crowd?: number;
  say: (line: string) => void;
}

const SLOTS = 4;
/** How many scenes may be on at a time: more than can have a slot, not more than the machine can bear. */
const MOST_ACTORS = 10;
/** Milliseconds without any job that starts, while somebody wants to: more than the keeper may take to make good. */
const STUCK = 30_000;
const SAY_EVERY = 10_000;

/**
 * Lets many users of one pool loose, and kills them at random.
 * @returns what went wrong: nothing
 */
export async function runChaos({ repository, cast, seed, seconds, crowd = 0, say }: Wish): Promise<string[]> {
  say(`chaos: ${cast.name}, seed ${seed}, ${seconds} s, ${SLOTS} slots`);
  const stage = makeStage(repository, SLOTS, cast);
  const actors = new Map<number, Actor>();
  const blows: string[] = [];
  const onSignal = (signal: NodeJS.Signals) => endAll(stage).then(() => process.kill(process.pid, signal));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  try {
    const complaints = await play(stage, actors, blows, { seed, seconds, crowd, say });
    // What went wrong is best looked at as it is.
    const evidence = complaints.length > 0 ? describeAll(stage) : '';
    const ending = complaints.length > 0 ? undefined : await endPool(stage);
    const jobs = readJobs(stage);
    complaints.push(...(ending?.complaints ?? []), ...judgeActors([...actors.values()]));
    for (const line of summarize(stage, [...actors.values()], blows, jobs)) say(line);
    if (complaints.length === 0) {
      say(`the end    all ${SLOTS} slots after ${((ending?.repaired ?? 0) / 1000).toFixed(1)} s, nothing left`);
      rmSync(stage.dir, { recursive: true, force: true });
    } else {
      writeFileSync(join(stage.dir, 'evidence'), `${complaints.join('\n')}\n\n${evidence}`);
      for (const complaint of complaints) say(`WRONG: ${complaint}`);
      say(`${cast.name}, seed ${seed}; see ${stage.dir}/evidence`);
    }
    return complaints;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
    await endAll(stage);
    stage.close();
  }
}

/** Begins scenes and strikes for so long, and waits until all have ended. @returns what went wrong meanwhile */
async function play(
  stage: Stage,
  actors: Map<number, Actor>,
  blows: string[],
  { seed, seconds, crowd = 0, say }: Omit<Wish, 'repository' | 'cast'>,
): Promise<string[]> {
  const random = makeRandom(seed);
  const scenes = scenesOf(stage.cast);
  if (crowd > 0) {
    const scene = crowdOf(crowd);
    actors.set(0, startActor(stage, 0, scene, scene.command(random), false));
  }
  const begin = Date.now();
  let said = begin;
  let moved = begin;
  let started = 0;
  for (;;) {
    const isOver = Date.now() - begin > seconds * 1000;
    const playing = [...actors.values()].filter(({ status }) => status === undefined);
    if (isOver) await delay(100);
    else {
      if (random.next() < 0.6) {
        const scene = random.pick(scenes, ({ weight }) => weight);
        const words = scene.command(random);
        const isRoot = random.next() < (stage.cast.user?.roots ?? 0);
        const number = actors.size;
        if (playing.length < MOST_ACTORS) actors.set(number, startActor(stage, number, scene, words, isRoot));
      } else {
        const blow = await strike(stage, actors, random);
        if (blow !== undefined) blows.push(blow);
      }
      await delay(random.integer(5, 60));
    }
    // It goes with the pool.
    writeFileSync(join(stage.dir, 'keeper.log'), readKeeperLog(stage).join('\n'));
    const jobs = readJobs(stage);
    if (jobs.over.length > 0) return jobs.over.map((over) => `a job too many:\n${over}`);
    const rest = listOurs(stage.run, stage.fifo).filter(({ role }) => role !== 'keeper');
    if (isOver && rest.length === 0 && playing.length === 0) return [];
    if (jobs.started > started || (rest.length === 0 && !isOver)) {
      started = jobs.started;
      moved = Date.now();
    }
    if (Date.now() - moved > STUCK) return [`no job has started for ${STUCK / 1000} s`];
    if (Date.now() - said > SAY_EVERY) {
      said = Date.now();
      const time = Math.round((said - begin) / 1000);
      say(
        `${time} s: ${actors.size} scenes, ${jobs.started} jobs, ${blows.length} signals; ${playing.length} scenes on`,
      );
    }
  }
}

/** An actor that got no signal must end well, whatever happened to the others. */
function judgeActors(actors: readonly Actor[]): string[] {
  return actors.flatMap(({ touched, status, scene, words, log }) => {
    const text = readFileSync(log, 'utf8');
    if (/^ +at .*:\d+:\d+\)?$/m.test(text)) return [`a stack trace of ${words.join(' ')}:\n${text}`];
    // Some are still running if something else went wrong.
    if (touched || status === undefined || (scene.statuses ?? [0]).includes(status)) return [];
    return [`status ${status} of a scene that was left alone: ${words.join(' ')}:\n${text}`];
  });
}

/** Kills what is still there of the run. */
async function endAll({ run, fifo }: Stage): Promise<void> {
  for (let ours = listOurs(run, fifo); ours.length > 0; ours = listOurs(run, fifo)) {
    for (const process of ours) signalTo(process, 'SIGKILL');
    await delay(10);
  }
}
