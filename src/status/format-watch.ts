import { formatDuration } from './format-status.js';
import type { Lane } from './lanes.js';
import type { PoolStatus } from './pool-status.js';

/** What a screen has room for. */
export interface Screen {
  columns: number;
  rows: number;
  color: boolean;
  /** Whether it shows more than ASCII. */
  unicode: boolean;
}

/** A line of the screen: its text, and how it is to look. */
interface Line {
  text: string;
  style?: keyof typeof STYLES;
}

const STYLES = { bold: '\x1b[1m', dim: '\x1b[2m', green: '\x1b[32m', yellow: '\x1b[33m' } as const;
const PLAIN = '\x1b[0m';

/**
 * Draws the pool.
 * @param lanes what each slot is used for
 * @param shares how much of the slots was used at the last looks, from 0 to 1, the newest last
 * @param now milliseconds since 1970
 * @returns the lines, none longer than the screen, and not more than it has
 */
export function formatWatch(
  status: PoolStatus,
  lanes: readonly Lane[],
  shares: readonly number[],
  now: number,
  screen: Screen,
): string[] {
  const { waiting, clients, jobs, slots } = status;
  const age = (since: string) => formatDuration((now - Date.parse(since)) / 1000);
  const head: Line[] = [
    { text: `${status.pool}  ${jobs ?? '?'} slots, ${slots.free ?? '?'} free`, style: 'bold' },
    { text: formatShares(shares, screen), style: 'dim' },
    { text: '' },
  ];
  const foot: Line[] = [{ text: '' }];
  const [longest] = waiting;
  if (longest !== undefined) {
    const names = waiting.map(({ command }) => command).join(', ');
    const wait = `${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'}, since ${age(longest.since)}: ${names}`;
    foot.push({ text: wait, style: 'yellow' });
  }
  if (clients.length > 0)
    foot.push({ text: `clients: ${clients.map(({ pid, command }) => `${command} (${pid})`).join(', ')}` });
  foot.push({ text: 'q: quit', style: 'dim' });
  const rows = lanes.map((lane, index) => formatLane(lane, index + 1, String(lanes.length).length, age));
  const isTight = head.length + rows.length + foot.length > screen.rows;
  const [top, bottom] = [head, foot].map((part) => (isTight ? part.filter(({ text }) => text !== '') : part)) as [
    Line[],
    Line[],
  ];
  const room = screen.rows - top.length - bottom.length;
  const shown = rows.length <= room ? rows : rows.slice(0, Math.max(0, room - 1));
  const rest = rows.length - shown.length;
  const more: Line[] = rest > 0 && room > 0 ? [{ text: `... and ${rest} more`, style: 'dim' }] : [];
  return [...top, ...shown, ...more, ...bottom].slice(0, screen.rows).map((line) => draw(line, screen));
}

function formatLane(lane: Lane, number: number, width: number, age: (since: string) => string): Line {
  const place = String(number).padStart(width);
  if (lane === 'free') return { text: `${place}  -`, style: 'dim' };
  if (lane === 'others') return { text: `${place}  taken by a client of its own`, style: 'green' };
  const { claim, isFirst } = lane;
  const time = isFirst ? age(claim.since) : '"';
  return { text: `${place}  ${time.padStart(10)}  ${claim.command} (${claim.job ?? claim.pid})`, style: 'green' };
}

const BARS = '▁▂▃▄▅▆▇█';

/** Draws how much was used: in percent, and as far as there is room a bar for each look. */
function formatShares(shares: readonly number[], { columns, unicode }: Screen): string {
  if (shares.length === 0) return '';
  const percent = Math.round((100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length);
  const text = `used ${percent} % of the last ${formatDuration(shares.length)} `;
  const room = columns - 1 - text.length;
  if (!unicode || room < 1) return text;
  const bars = shares.slice(-room).map((share) => BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))]);
  return text + bars.join('');
}

/** Cuts a line to the screen; what is not printable must not move the cursor. */
function draw({ text, style }: Line, { columns, color }: Screen): string {
  const printable = text.replace(/\p{C}/gu, '?');
  // In the last column the cursor stays, and what clears the rest of the line would clear that.
  const width = columns - 1;
  const cut = printable.length > width ? `${printable.slice(0, Math.max(0, width - 3))}...`.slice(0, width) : printable;
  return color && style !== undefined ? `${STYLES[style]}${cut}${PLAIN}` : cut;
}
