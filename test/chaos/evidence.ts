import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { listOurs } from './processes.js';
import { listFiles, type Stage } from './stage.js';

/** Returns all processes and all state as they are now, for a person to find out what went wrong. */
export function describeAll({ run, fifo, state }: Stage): string {
  const processes = listOurs(run, fifo).map(
    ({ pid, parent, state, actor, words }) => `${pid} (parent ${parent}, ${state}, actor ${actor}): ${words.join(' ')}`,
  );
  const files = listFiles(state).map((path) => {
    const name = relative(state, path);
    try {
      return `== ${name}\n${readFileSync(path, 'utf8')}`;
    } catch {
      // A folder.
      return `== ${name}`;
    }
  });
  return [...processes, ...files].join('\n');
}
