import { alignColumns } from '../align-columns.js';
import type { Style } from '../tools/table.js';
import type { PoolReport } from './check-pool.js';

const nameStyle = (style: Style): string => (style === 'fifo' ? 'a FIFO' : 'a pair of descriptors');

/** Writes the report for a person. */
export function formatReport(report: PoolReport): string {
  const { pool, source, styles, jobs, keeper, unreachable, tools, overriding } = report;
  const lines = [
    `pool      ${pool}`,
    `from      ${source}${styles.length === 0 ? '' : `, advertised as ${styles.map(nameStyle).join(' and ')}`}`,
    `jobs      ${jobs ?? 'unknown'}`,
    `keeper    ${keeper === null ? 'none: js-create did not make this pool' : `alive, pid ${keeper}`}`,
  ];
  if (unreachable !== null) lines.push(`problem   ${unreachable}`);
  return formatProblems({ tools, overriding }, lines);
}

/** Writes what is known without a pool. */
export const formatWithoutPool = (report: Pick<PoolReport, 'tools' | 'overriding'>): string =>
  formatProblems(report, ['pool      none; in one that js-create makes:']);

function formatProblems({ tools, overriding }: Pick<PoolReport, 'tools' | 'overriding'>, head: string[]): string {
  const lines = [
    ...head,
    ...overriding.map((name) => `problem   ${name} overrides the pool: unset it, or run eval "$(js-env)"`),
  ];
  const rows = [
    ['TOOL', 'VERSION', 'JOINS', 'SWITCHED OFF BY', 'PATH'],
    ...tools.map(({ name, version, how, switchedOffBy, path }) => [
      name,
      version ?? '-',
      how,
      switchedOffBy ?? '-',
      path,
    ]),
  ];
  return `${[...lines, '', ...alignColumns(rows)].join('\n')}\n`;
}
