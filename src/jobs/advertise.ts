import type { AuthChoice } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { describePool, type Pool } from '../pool/pool.js';
import { hasShim } from '../tools/shim-folder.js';
import { BOTH, findTool, MAKE, type Style } from '../tools/table.js';
import { askStyles } from '../tools/version.js';
import { fifoOf } from './join.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Chooses how a pool is advertised to `command`, so that both the tool in front and the make that it may call understand.
 * @param command the program's name or path; empty for whatever a shell will run
 * @param root the state folder
 * @throws JobserverError 'usage' where a FIFO path is asked for and the pool has none
 */
export async function chooseStyle(
  pool: Pool,
  choice: AuthChoice,
  command: string,
  env: Env,
  root: string,
): Promise<Style> {
  const front = findTool(command);
  // A make that is called through its wrapper gets what it understands there.
  const bridged = front !== MAKE && hasShim('make', env.PATH);
  const make = bridged ? BOTH : await askStyles(MAKE, front === MAKE ? command : 'make', env, root);
  const pair = make.includes('old-pair') ? 'old-pair' : 'pair';
  if (choice === 'pipe') return pair;
  const named = fifoOf(pool) !== undefined;
  if (choice === 'fifo') {
    if (named) return 'fifo';
    throw new JobserverError('usage', `--auth fifo: the pool '${describePool(pool)}' is a pipe and has no path`);
  }
  const styles = front === undefined || front === MAKE ? make : await askStyles(front, command, env, root);
  // What understands one style only gets that one. A pipe without a name has a path under /proc.
  if (front?.prefers !== undefined && styles.includes(front.prefers)) return front.prefers;
  if (styles.length === 1) return styles[0] === 'fifo' ? 'fifo' : pair;
  return named && make.includes('fifo') ? 'fifo' : pair;
}
