import type { AuthChoice } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { identify } from '../pool/identity.js';
import type { Pool } from '../pool/pool.js';
import { chooseFreeNumbers } from '../process/descriptors.js';
import { descriptorStat, listDescriptors, type ProcessId, pidOf } from '../process/process-table.js';
import { formatOpenPair, formatSh } from '../shell/sh.js';
import { chooseAuth, fifoOf, joinEnvironment } from './join.js';

type Env = Readonly<Record<string, string | undefined>>;

/** dash opens descriptors of one digit only, and scripts like to use the low ones. */
const SHELL_DESCRIPTORS = [9, 8, 7, 6, 5, 4, 3];

/**
 * Writes the shell code that joins a pool. For a make that cannot open a FIFO by itself it is opened in the shell, which
 * hands the pair down to what is typed there.
 * @param shell the shell that will run the code
 * @param root the state folder
 */
export async function formatJoin(
  pool: Pool,
  choice: AuthChoice,
  shell: ProcessId | undefined,
  env: Env,
  root: string,
): Promise<string> {
  const auth = await chooseAuth(pool, choice, '', env, root);
  if (auth === 'fifo' || shell === undefined) return formatSh(joinEnvironment(pool, env, root));
  const { way } = pool;
  if (way.kind === 'pair' && isOpenIn(shell, way, pool)) return formatSh(joinEnvironment(pool, env, root, way));
  const [read, write] = chooseFreeNumbers(listDescriptors(pidOf(shell)), SHELL_DESCRIPTORS);
  if (read === undefined || write === undefined) {
    throw new JobserverError('failed', 'cannot open the pool in the shell: its descriptors 3 to 9 are all in use');
  }
  const path = fifoOf(pool);
  const source = (fd: number) => path ?? `/proc/${way.kind === 'pair' ? way.holder : 'self'}/fd/${fd}`;
  const [from, to] = way.kind === 'pair' ? [source(way.read), source(way.write)] : [source(read), source(write)];
  return (
    formatOpenPair({ fd: read, path: from }, { fd: write, path: to }) +
    formatSh(joinEnvironment(pool, env, root, { read, write }))
  );
}

/** @returns whether the shell has the pool's pair open itself, so that it only has to speak of it */
function isOpenIn(shell: ProcessId, { read, write }: { read: number; write: number }, pool: Pool): boolean {
  return [read, write].every((fd) => {
    const stat = descriptorStat(pidOf(shell), fd);
    return stat !== undefined && identify(stat) === pool.key;
  });
}
