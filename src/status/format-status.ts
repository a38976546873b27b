import { alignColumns } from '../align-columns.js';
import { formatBytes } from '../process/free-memory.js';
import type { PoolStatus } from './pool-status.js';
import type { ClaimStatus } from './read-claims.js';

/**
 * Writes what is known of a pool for a person.
 * @param now the time, in milliseconds since 1970
 */
export function formatStatus(status: PoolStatus, now: number): string {
  const { pool, source, holding, waiting, clients, bystanders } = status;
  const age = (since: string) => formatDuration((now - Date.parse(since)) / 1000);
  const rowOf = (claim: ClaimStatus) => [age(claim.since), nameSlots(claim), String(claim.pid), describe(claim)];
  const others = [
    ...clients.map(({ pid, command }) => ['', '', String(pid), command]),
    ...(bystanders === 0 ? [] : [['', '', '', `(${countOf(bystanders, 'other process', 'other processes')})`]]),
  ];
  return [
    `pool      ${pool}${source === null ? '' : ` (from ${source})`}`,
    ...describeOwn(status, age),
    `slots     ${describeSlots(status)}`,
    ...formatTable('HOLDING', holding.map(rowOf)),
    ...formatTable('WAITING', waiting.map(rowOf)),
    ...formatTable('ALSO OPEN IN', others),
    '',
  ].join('\n');
}

function describeOwn({ own }: PoolStatus, age: (since: string) => string): string[] {
  if (own === null) return ['keeper    none: js-create did not make this pool'];
  const { madeAt, keeper, owner, hidden, repairs } = own;
  const made = madeAt === null ? [] : [`made ${age(madeAt)} ago`];
  const end = owner === null ? 'stays until js-destroy' : `ends with process ${owner.pid} (${shorten(owner.command)})`;
  const replaced = keeper.replaced === 0 ? '' : `, ${countOf(keeper.replaced, 'killed one', 'killed ones')} before it`;
  const lines = [
    `age       ${[...made, end].join(', ')}`,
    `keeper    ${STATES[keeper.state]}, pid ${keeper.pid}${replaced}`,
  ];
  if (hidden !== null) lines.push(`problem   process ${hidden} may hold slots, so lost ones are not replaced`);
  const done =
    repairs &&
    [
      repairs.putBack > 0 && `${countOf(repairs.putBack, 'lost token', 'lost tokens')} put back`,
      repairs.removed > 0 && `${countOf(repairs.removed, 'token', 'tokens')} too many taken out`,
      repairs.returnedClaims > 0 && `slots of ${countOf(repairs.returnedClaims, 'killed job', 'killed jobs')} returned`,
    ].filter(Boolean);
  return done && done.length > 0 ? [...lines, `repaired  ${done.join(', ')}`] : lines;
}

const STATES = {
  alive: 'alive',
  dead: 'was killed; the next command starts another',
  unknown: 'in another pid namespace',
} as const;

function describeSlots({ jobs, slots, own, clients }: PoolStatus): string {
  const { free, claimed, others } = slots;
  const parts = [
    free === null ? 'it cannot be known how many are free' : `${free} free`,
    claimed > 0 && `${claimed} held by commands`,
    others !== null && others > 0 && describeOthers(others, own !== null && clients.length === 0),
  ].filter(Boolean);
  return `${jobs ?? 'unknown'}${jobs === null ? '' : ' in all'}: ${parts.join(', ')}`;
}

const describeOthers = (count: number, isLost: boolean): string =>
  isLost ? `${count} lost or on the way` : `${count} held by others`;

function nameSlots({ tokens, implicit, memory }: ClaimStatus): string {
  const kinds = [
    implicit !== null && `${OWNERS[implicit]} slot`,
    tokens > 0 && countOf(tokens, 'token', 'tokens'),
    memory !== null && formatBytes(memory),
  ];
  return kinds.filter(Boolean).join(', ') || '-';
}

/** Whose implicit slot it is. */
const OWNERS = { recipe: "recipe's", session: "session's", below: "parent's" } as const;

const describe = ({ command, namespace }: ClaimStatus): string =>
  namespace === null ? command : `${command} (in a container: ${namespace})`;

/** Enough to recognize a command. */
const MOST_CHARACTERS = 60;

const shorten = (command: string): string =>
  command.length > MOST_CHARACTERS ? `${command.slice(0, MOST_CHARACTERS)}...` : command;

const countOf = (count: number, one: string, several: string): string => `${count} ${count === 1 ? one : several}`;

/** Aligns the first three columns under a title; no lines if there are no rows. */
function formatTable(title: string, rows: readonly string[][]): string[] {
  if (rows.length === 0) return [];
  return ['', title, ...alignColumns(rows, [0, 2]).map((line) => `  ${line}`)];
}

/** Writes a time as a person reads it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 3 min`, `4 d 2 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}
