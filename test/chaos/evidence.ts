import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listOurs } from './processes.js';
import type { Stage } from './stage.js';

/** Returns all processes and all state as they are now, for a person to find out what went wrong. */
export function describeAll({ run, fifo, state }: Stage): string {
  const processes = listOurs(run, fifo).map(
    ({ pid, parent, state, actor, words }) => `${pid} (parent ${parent}, ${state}, actor ${actor}): ${words.join(' ')}`,
  );
  const files = readdirSync(state, { recursive: true, encoding: 'utf8' }).map((name) => {
    try {
      return `== ${name}\n${readFileSync(join(state, name), 'utf8')}`;
    } catch {
      // A folder.
      return `== ${name}`;
    }
  });
  return [...processes, ...files].join('\n');
}
