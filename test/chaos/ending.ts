import { closeSync, constants, existsSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify } from '../../src/pool/identity.js';
import { readProcess } from '../../src/process/process-table.js';
import { listOurs, signalTo } from './processes.js';
import { runCommand, type Stage } from './stage.js';

/** Milliseconds: far more than the five seconds in which the keeper makes good. */
const PATIENCE = 30_000;

/** How the pool was when all had ended. */
export interface Ending {
  complaints: string[];
  /** Milliseconds from the end of the last process until all slots could be taken. */
  repaired: number;
}

/** Looks whether all slots of the idle pool are there and no claim, then ends it and looks whether anything is left. */
export async function endPool(stage: Stage): Promise<Ending> {
  const { slots, fifo, run } = stage;
  const complaints: string[] = [];
  const since = Date.now();
  const takeAll = () => runCommand(stage, 'js-acquire', '--no-wait', '-n', String(slots));
  let taken = takeAll();
  while (taken.status !== 0 && Date.now() - since < PATIENCE) {
    // Often enough to tell when, seldom enough to leave the keeper alone with the pool.
    await delay(500);
    taken = takeAll();
  }
  const repaired = Date.now() - since;
  if (taken.status !== 0) complaints.push(`not all ${slots} slots can be taken: ${taken.text.trim()}`);
  else if (runCommand(stage, 'js-acquire', '--no-wait').status !== 75)
    complaints.push(`${slots + 1} slots could be taken`);
  runCommand(stage, 'js-release');
  const tokens = await countTokens(stage);
  if (tokens !== slots - 1) complaints.push(`there are ${tokens} tokens, not ${slots - 1}`);
  const left = () => ['claims', 'locks'].flatMap((kind) => listState(stage, kind));
  for (const end = Date.now() + PATIENCE; left().length > 0 && Date.now() < end; ) await delay(50);
  complaints.push(...left().map((name) => `left in the pool: ${name}`));

  const ended = runCommand(stage, 'js-destroy');
  if (ended.status !== 0) complaints.push(`js-destroy: ${ended.text.trim()}`);
  // What was killed together with its keeper is for the next js-create to remove, or for this.
  const swept = runCommand(stage, 'js-destroy', '--stale');
  if (swept.status !== 0) complaints.push(`js-destroy --stale: ${swept.text.trim()}`);
  if (existsSync(fifo)) complaints.push('left: the FIFO');
  complaints.push(
    ...readdirSync(stage.state)
      .filter((name) => name !== 'versions')
      .map((name) => `left: ${join(stage.state, name)}`),
  );
  for (const end = Date.now() + PATIENCE; listOurs(run, fifo).length > 0 && Date.now() < end; ) await delay(50);
  for (const { pid, words } of listOurs(run, fifo)) complaints.push(`left: process ${pid}, ${words.join(' ')}`);
  return { complaints, repaired };
}

/** Returns how many bytes there are in the FIFO; the keeper is stopped meanwhile. */
async function countTokens({ run, fifo, slots }: Stage): Promise<number> {
  const keepers = listOurs(run, fifo).filter(({ role }) => role === 'keeper');
  for (const keeper of keepers) signalTo(keeper, 'SIGSTOP');
  while (keepers.some(({ pid }) => (readProcess(pid)?.state ?? 'T') !== 'T')) await delay(5);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(100 + slots);
    const count = readSync(fd, bytes);
    writeSync(fd, bytes.subarray(0, count));
    return count;
  } catch {
    return 0;
  } finally {
    closeSync(fd);
    for (const keeper of keepers) signalTo(keeper, 'SIGCONT');
  }
}

/** Returns the claims or locks of the pool; those of others, that were killed with all that was theirs, are swept. */
function listState({ state, fifo }: Stage, kind: string): string[] {
  const folder = join(state, identify(statSync(fifo, { bigint: true })), kind);
  return readdirSync(folder).map((name) => join(folder, name));
}
