import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Actor, startActor } from './actors.js';
import { endPool } from './ending.js';
import { readJobs } from './jobs.js';
import { listOurs, signalTo } from './processes.js';
import { makeRandom } from './random.js';
import { SCENES } from './scenes.js';
import { makeStage, readKeeperLog, type Stage } from './stage.js';
import { strike } from './strikes.js';
import { tally } from './tally.js';

/** What is to be done. */
export interface Wish {
  /** The root of this package, built. */
  repository: string;
  seed: number;
  /** How long new scenes begin, in seconds. */
  seconds: number;
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
export async function runChaos({ repository, seed, seconds, say }: Wish): Promise<string[]> {
  say(`chaos: seed ${seed}, ${seconds} s, ${SLOTS} slots`);
  const stage = makeStage(repository, SLOTS);
  const actors = new Map<number, Actor>();
  const blows: string[] = [];
  const complaints = await play(stage, actors, blows, { seed, seconds, say });
  let ended: { repaired: number; tokens: number | undefined } | undefined;
  // What went wrong is best looked at as it is.
  const evidence = complaints.length > 0 ? describeScene(stage) : '';
  if (complaints.length > 0) endAll(stage);
  else {
    const ending = await endPool(stage);
    complaints.push(...ending.complaints);
    ended = ending;
  }
  const jobs = readJobs(stage);
  complaints.push(...judgeActors([...actors.values()]));
  const keeper = readFileSync(join(stage.dir, 'keeper.log'), 'utf8').split('\n');
  const sum = (pattern: RegExp) => keeper.reduce((total, line) => total + Number(pattern.exec(line)?.[1] ?? 0), 0);
  say(`scenes     ${tally([...actors.values()].map(({ scene }) => scene.name))}`);
  say(`signals    ${tally(blows)}`);
  say(`jobs       ${jobs.started} started, ${jobs.ended} not killed; ${jobs.peak} slots in use at most`);
  say(
    `keepers    ${keeper.filter((line) => line.includes('took the place')).length} revived, which put back ${sum(/put back (\d+) tokens$/)} tokens; ${sum(/put back (\d+) tokens that/)} put back that clients lost, ${sum(/took out (\d+)/)} taken out; ${sum(/returned (\d+) claims/)} claims returned`,
  );
  if (ended)
    say(
      `the end    all ${SLOTS} slots after ${(ended.repaired / 1000).toFixed(1)} s, ${ended.tokens} tokens, nothing left`,
    );
  if (jobs.peak < SLOTS) complaints.push(`never more than ${jobs.peak} slots were in use`);
  if (complaints.length === 0) rmSync(stage.dir, { recursive: true, force: true });
  else {
    writeFileSync(join(stage.dir, 'evidence'), `${complaints.join('\n')}\n\n${evidence}`);
    for (const complaint of complaints) say(`WRONG: ${complaint}`);
    say(`seed ${seed}; see ${stage.dir}/evidence`);
  }
  return complaints;
}

/** Begins scenes and strikes for so long, and waits until all have ended. @returns what went wrong meanwhile */
async function play(
  stage: Stage,
  actors: Map<number, Actor>,
  blows: string[],
  { seed, seconds, say }: Omit<Wish, 'repository'>,
): Promise<string[]> {
  const random = makeRandom(seed);
  const begin = Date.now();
  let said = begin;
  let started = 0;
  let moved = begin;
  while (true) {
    const isOver = Date.now() - begin > seconds * 1000;
    const alive = [...actors.values()].filter(({ status }) => status === undefined);
    if (!isOver && random.next() < 0.6) {
      const scene = random.pick(SCENES, ({ weight }) => weight);
      const words = scene.command(random);
      const number = actors.size;
      if (alive.length < MOST_ACTORS) actors.set(number, startActor(stage, number, scene, words));
    } else if (!isOver) {
      const blow = await strike(stage, actors, random);
      if (blow !== undefined) blows.push(blow);
    }
    await delay(isOver ? 100 : random.integer(5, 60));

    const jobs = readJobs(stage);
    if (jobs.over.length > 0) return jobs.over.map((over) => `more than ${stage.slots} slots in use:\n${over}`);
    const rest = listOurs(stage.run, stage.fifo).filter(({ role }) => role !== 'keeper');
    if (isOver && rest.length === 0 && alive.length === 0) return [];
    if (jobs.started > started || rest.length === 0) {
      started = jobs.started;
      moved = Date.now();
    }
    if (Date.now() - moved > STUCK) return [`no job has started for ${STUCK / 1000} s`];
    if (Date.now() - said > SAY_EVERY) {
      said = Date.now();
      say(
        `${Math.round((said - begin) / 1000)} s: ${actors.size} scenes, ${jobs.started} jobs, ${blows.length} signals, ${alive.length} scenes on`,
      );
    }
    keepLog(stage);
  }
}

/** The keepers' log goes with the pool. */
function keepLog(stage: Stage): void {
  writeFileSync(join(stage.dir, 'keeper.log'), readKeeperLog(stage).join('\n'));
}

/** Who was sent no signal must end well, whatever became of all others. */
function judgeActors(actors: readonly Actor[]): string[] {
  return actors.flatMap(({ touched, status, scene, words, log }) => {
    const text = readFileSync(log, 'utf8');
    if (/^ +at .*:\d+:\d+\)?$/m.test(text)) return [`a stack trace of ${words.join(' ')}:\n${text}`];
    if (touched || (scene.statuses ?? [0]).includes(status ?? -1)) return [];
    return [`status ${status} of a scene that was left alone: ${words.join(' ')}:\n${text}`];
  });
}

/** All processes and all state, for a person to read. */
function describeScene(stage: Stage): string {
  const lines = listOurs(stage.run, stage.fifo).map(
    ({ pid, parent, state, actor, words }) => `${pid} (parent ${parent}, ${state}, actor ${actor}): ${words.join(' ')}`,
  );
  const files = readdirSync(stage.state, { recursive: true, encoding: 'utf8' }).map((name) => {
    try {
      return `== ${name}\n${readFileSync(join(stage.state, name), 'utf8')}`;
    } catch {
      return `== ${name}`;
    }
  });
  return [...lines, ...files].join('\n');
}

function endAll({ run, fifo }: Stage): void {
  for (let ours = listOurs(run, fifo); ours.length > 0; ours = listOurs(run, fifo)) {
    for (const process of ours) signalTo(process, 'SIGKILL');
  }
}
