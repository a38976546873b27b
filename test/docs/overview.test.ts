import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTool, OVERRIDING, type Style, TOOLS, type Tool, type Version } from '../../src/tools/table.js';
import { ROOT } from './commands.js';
import { lintManPage, OVERVIEW } from './man-page.js';

const PAGE = readFileSync(join(ROOT, OVERVIEW), 'utf8');

const EMPTY = '\\&';

const STYLES: Record<Style, string> = { fifo: 'FIFO', pair: 'pair', 'old-pair': 'old pair' };

/** The rows of the table of tools: names, versions, joins by, left by, limited by. */
// The table of what was measured follows; the code does not know it.
const ROWS = [...PAGE.replace(/^\.Ss What was measured[\s\S]*/m, '').matchAll(/^\.It (?!Em)(.* Ta .*)$/gm)].map(
  ([, cells = '']) => cells.split(' Ta '),
);

/** Lists versions in a range, including those at its ends. @param text `from 4.4`, `4.2, 4.3`, `to 4.1`, `any` */
function versionsIn(text: string): Array<Version | undefined> {
  if (text === 'any') return [undefined];
  const ends = [...text.matchAll(/(\d+)\.?(\d*)/g)].map(([, major, minor]) => [Number(major), Number(minor)]);
  const [newest, oldest] = [text.startsWith('from') ? [[999, 0]] : [], text.startsWith('to') ? [[0, 1]] : []];
  return [...oldest, ...ends, ...newest].map(([major = 0, minor = 0]) => ({ major, minor, line: '' }));
}

/** Returns the last three cells of a tool's row. */
function describeTool(tool: Tool, version: Version | undefined): string[] {
  const styles = tool.styles(version);
  const { args = [], env = {} } = (styles.length === 0 && tool.limitTo?.(7)) || {};
  // The page says below the table that it is in this variable: its name would not fit into 80 columns.
  const variables = Object.entries(env).map(([name, value]) =>
    name === 'DEB_BUILD_OPTIONS' ? value : `${name}=${value}`,
  );
  const limit = [...args, ...variables].join(' ').replace('7', 'N');
  const joins = styles.map((style) => STYLES[style]).join(', ');
  const leaves = tool.jobsOption !== undefined && !(tool.joinsWithJobs && styles.length > 0);
  return [joins || 'nothing', leaves ? (tool.jobsOption?.test('-j4') ? '-jN' : '-p\\ N') : EMPTY, limit || EMPTY];
}

describe('jobserver-tools(7)', () => {
  it('has nothing that mandoc warns of', async () => {
    expect(await lintManPage(OVERVIEW)).toBe('');
  });

  it('has a row for every tool of the table, and for no other', () => {
    expect([...new Set(ROWS.map(([names]) => names))]).toEqual(TOOLS.map(({ names }) => names.join(', ')));
  });

  it.each(ROWS)('says of %s, %s, what the table says', (names, versions, ...cells) => {
    const tool = findTool(names?.split(',')[0] ?? '');
    for (const version of versionsIn(versions ?? '')) expect(tool && describeTool(tool, version)).toEqual(cells);
  });

  it('has every variable that overrides the pool, and no other', () => {
    const [, section = ''] = /^\.Ss Variables that override the pool\n(.*?)^\.S[hs]/ms.exec(PAGE) ?? [];
    const named = [...section.matchAll(/^\.It Ev (.*)$/gm)].flatMap(([, names = '']) => names.split(' , '));
    expect(named.sort()).toEqual([...OVERRIDING].sort());
  });

  it('names the tools that have a wrapper', () => {
    const [, names = ''] = /one for each of ([^.]*) that is there/.exec(PAGE) ?? [];
    expect(names.split(/,\s+| and /).sort()).toEqual(readdirSync(join(ROOT, 'dist/shims')).sort());
  });
});
