import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTrace, type TraceSpan } from '../../src/timeline/parse-trace.js';
import { make441Dir } from '../setup/tools.js';
import { makeWorld, type World } from './world.js';

/** Reads a trace as any JSON parser does, and checks that each begin has its end and that no lane overlaps. */
function readTrace(world: World, name = 't.json') {
  const text = readFileSync(join(world.dir, name), 'utf8');
  const events = JSON.parse(`${text.trimEnd().replace(/,$/, '')}]`) as { ph: string; tid: number; ts: number }[];
  const open = new Map<number, number>();
  for (const { ph, tid, ts } of events
    .filter((event) => 'BE'.includes(event.ph))
    .sort((one, other) => one.ts - other.ts || (one.ph < other.ph ? 1 : -1))) {
    expect(open.has(tid), `${ph} in lane ${tid} at ${ts}`).toBe(ph === 'E');
    if (ph === 'B') open.set(tid, ts);
    else open.delete(tid);
  }
  expect([...open]).toEqual([]);
  return parseTrace(text, name);
}

const secondsOf = (spans: readonly TraceSpan[]): number =>
  spans.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0) / 1e6;

describe('a trace', () => {
  it('has each job in a lane, for as long as it ran by its own account', async () => {
    const world = makeWorld();
    world.file('Makefile', 'all: a b c d\na b c d: ; +@js-run span $@ sleep 0.3\n');
    const script = `for i in $(seq 9); do js-run span $i sleep 0.2 & done; js-run -n 2 span two sleep 0.3 &
      js-each -k span {} sleep 0.1 ::: x y z; wait; make -s; handle=$(js-acquire); js-release $handle`;
    world.file('script', script);
    const ended = await world.run('js-create -j 4 --trace t.json -- bash script');
    expect(ended).toEqual({ stdout: '', stderr: '', status: 0 });
    const { jobs, waits, lanes } = readTrace(world);
    expect(lanes).toBe(4);
    const commands = jobs.map(({ command }) => command);
    expect(commands.filter((command) => command.startsWith('span two'))).toHaveLength(2);
    expect(commands).toHaveLength(9 + 2 + 3 + 4 + 1);
    expect(waits).toHaveLength(9 + 1 + 3 + 4 + 1);
    const ownMs = (await world.spans()).reduce(
      (sum, { start, end = start, name }) => sum + (end - start) * (name === 'two' ? 2 : 1),
      0,
    );
    const tracedMs = 1000 * secondsOf(jobs);
    // The start of a job and its end are in the trace, too.
    expect(tracedMs).toBeGreaterThan(ownMs);
    expect(tracedMs).toBeLessThan(3 * ownMs + 5000);
  });

  it('has no more lanes than slots if a make runs in a slot, too', async () => {
    const world = makeWorld();
    world.file('Makefile', 'all: a b c d e f\na b c d e f: ; +@js-run sleep 0.1\n');
    await world.run('js-create -j 3 --trace t.json -- sh -c "js-run make -s & js-run sleep 0.5; wait"');
    expect(readTrace(world).lanes).toBe(3);
  });

  it('has the end of jobs whose js-run was killed, and of a handle that nobody returned', async () => {
    const world = makeWorld();
    const script = `js-run sh -c 'echo $PPID >killed; sleep 0.5' & until [ -s killed ]; do sleep 0.02; done
      kill -KILL $(cat killed); wait; bash -c 'js-acquire >/dev/null; true'
      until [ -z "$(ls run/*/*/claims)" ]; do sleep 0.1; done`;
    world.file('script', script);
    await world.run('js-create -j 2 --trace t.json -- bash script');
    expect(readTrace(world).jobs.map(({ command }) => command.split(' ')[0])).toEqual(['sh', 'js-acquire']);
  });

  it('of a pool of make has its jobs, and each of many that begin it at once appends to it', async () => {
    const world = makeWorld();
    const names = [...Array(12).keys()].map((index) => `t${index}`).join(' ');
    world.file('Makefile', `all: ${names}\n${names}: ; +@js-run sleep 0.1\n`);
    const { stderr } = await world.run(`JOBSERVER_TOOLS_TRACE=$PWD/t.json ${make441Dir}/make -s -j 4`);
    const { jobs, lanes } = readTrace(world);
    expect({ stderr, jobs: jobs.length, lanes }).toEqual({ stderr: '', jobs: 12, lanes: 4 });
  });

  it('that cannot be written is reported, and the jobs run', async () => {
    const script = `js-create -j 2 --trace t.json -- sh -c 'rm t.json; mkdir t.json; js-run echo ran'; rmdir t.json
      js-create --trace no/t.json -- true; echo $?; js-status --timeline nothing; echo $?; echo x >y; js-status --timeline y; echo $?`;
    const { stdout, stderr } = await makeWorld().run(script);
    expect(stdout).toBe('ran\n1\n1\n1\n');
    expect(stderr).toMatch(
      /^js-run: warning: cannot write the trace: .*\njs-create: cannot write '.*no\/t.json': No such file.*\njs-status: cannot read 'nothing': No such.*\njs-status: 'y' is not a trace\n$/,
    );
  });

  it.each([
    ['js-status --svg', '--svg requires --timeline'],
    ['js-status --timeline f --watch', '--timeline cannot be combined with --watch'],
    ['js-status --timeline f --svg --json', '--svg cannot be combined with --json'],
  ])('%s: 2', async (script, message) =>
    expect(await makeWorld().run(script)).toEqual({
      stdout: '',
      stderr: `js-status: ${message} (see js-status --help)\n`,
      status: 2,
    }),
  );
});
