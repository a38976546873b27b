import { describe, expect, it } from 'vitest';
import { formatWatch, type Screen } from '../../src/status/format-watch.js';
import { type Lane, makeLanes } from '../../src/status/lanes.js';
import type { PoolStatus } from '../../src/status/pool-status.js';
import type { ClaimStatus } from '../../src/status/read-claims.js';

const claim = (command: string, tokens: number, implicit: ClaimStatus['implicit'] = null): ClaimStatus => ({
  pid: command.charCodeAt(0),
  job: null,
  command,
  since: '2026-01-01T00:00:00Z',
  tokens,
  implicit,
  memory: null,
  namespace: null,
});

const nameOf = (lane: Lane): string => (typeof lane === 'string' ? lane : lane.claim.command);

describe('each slot has a lane', () => {
  it('in which a job stays as long as it runs', () => {
    const assign = makeLanes();
    const [a, b, c, d] = [claim('a', 1), claim('b', 2), claim('c', 0, 'session'), claim('d', 1)];
    const show = (holding: ClaimStatus[], others = 0) => assign(4, holding, others).map(nameOf);
    expect(show([a, b])).toEqual(['a', 'b', 'b', 'free']);
    expect(show([b, c])).toEqual(['c', 'b', 'b', 'free']);
    expect(show([c, d])).toEqual(['c', 'd', 'free', 'free']);
    expect(show([d], 2)).toEqual(['others', 'd', 'others', 'free']);
  });

  it('and no other one for a job in the slot of the command that started it, or of a recipe', () => {
    const holding = [claim('a', 1), claim('b', 0, 'below'), claim('r', 0, 'recipe')];
    expect(makeLanes()(4, holding, 2).map(nameOf)).toEqual(['a', 'r', 'others', 'free']);
  });
});

describe('the screen', () => {
  const NOW = Date.parse('2026-01-01T00:01:05Z');
  const status: PoolStatus = {
    pool: '/f',
    source: null,
    jobs: 3,
    slots: { free: 1, claimed: 2, others: 0 },
    holding: [claim('a', 1), claim('bb\u001b[2J', 1)],
    waiting: [claim('wait', 0)],
    clients: [{ pid: 7, command: 'make' }],
    bystanders: 0,
    own: null,
  };
  const draw = (screen: Partial<Screen>) => {
    const lanes = makeLanes()(3, status.holding, 0);
    return formatWatch(status, lanes, [0, 1], NOW, { columns: 80, rows: 24, color: false, unicode: true, ...screen });
  };

  it('has a line for each slot, and for who waits', () =>
    expect(draw({})).toEqual([
      '/f  3 slots, 1 free',
      'used 50 % of the last 2 s ▁█',
      '',
      '1   1 min 5 s  a (97)',
      '2   1 min 5 s  bb?[2J (98)',
      '3  -',
      '',
      '1 waits, since 1 min 5 s: wait',
      'clients: make (7)',
      'q: quit',
    ]));

  it.each([
    [5, 20],
    [1, 1],
    [24, 3],
    [7, 200],
  ])('of %i rows and %i columns is not left', (rows, columns) => {
    const lines = draw({ rows, columns });
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns - 1);
  });

  it('has colors only if it may, and bars only in UTF-8', () => {
    expect(draw({ color: true }).join()).toContain('\u001b[1m');
    expect(draw({ color: false, unicode: false }).join()).toMatch(/^[ -~]*$/);
  });
});
