import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Actor } from './actors.js';
import type { Jobs } from './jobs.js';
import type { Stage } from './stage.js';

/** Returns what happened, for a person: a line each for the scenes, the signals, the jobs and the keepers. */
export function summarize(stage: Stage, actors: readonly Actor[], blows: readonly string[], jobs: Jobs): string[] {
  const keeper = readFileSync(join(stage.dir, 'keeper.log'), 'utf8').split('\n');
  const sum = (pattern: RegExp) => keeper.reduce((total, line) => total + Number(pattern.exec(line)?.[1] ?? 0), 0);
  const killed = blows.filter((blow) => blow === 'SIGKILL to a keeper').length;
  const revived = keeper.filter((line) => line.includes('replaced a keeper')).length;
  return [
    `scenes     ${tally(actors.map(({ scene }) => scene.name))}`,
    `signals    ${tally(blows)}`,
    `jobs       ${jobs.started} started, ${jobs.ended} not killed; ${jobs.peak} slots in use at most`,
    `keepers    ${killed} killed, ${revived} revived, which put back ${sum(/put back (\d+) tokens?$/)} tokens`,
    `made good  ${sum(/put back (\d+) tokens? that/)} tokens put back that clients lost, ${sum(/removed (\d+) surplus/)} removed, ${sum(/returned (\d+) claims?/)} claims returned by keepers`,
  ];
}

/** Returns how often each is there, the most frequent first: `12 apples, 3 pears`. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ');
}
