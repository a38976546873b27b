import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeWorld, type World } from './world.js';

/** Returns what was written to the file `status`, line by line. */
const eventsIn = (world: World): Record<string, unknown>[] =>
  readFileSync(join(world.dir, 'status'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const START = { event: 'start', pid: expect.any(Number) };

describe('--status-fd', () => {
  it.each([
    ['js-run', 'exit 75', { status: 75 }],
    ['js-run', 'exit 127', { status: 127 }],
    ['js-run', 'kill -TERM $$', { signal: 'SIGTERM' }],
    ['js-create -j 2', 'exit 1', { status: 1 }],
    ['js-create -j 2 -- js-run', 'exit 69', { status: 69 }],
    ['js-create -j 2 -- js-run -n 2', 'exit 125', { status: 125 }],
  ])("of %s tells how 'sh -c %j' started and ended", async (command, script, end) => {
    const world = makeWorld();
    const ended = await world.run(`exec ${command} --status-fd 7 -- sh -c 'echo $$ >pid; ${script}' 7>status`);
    expect(ended.stderr).toBe('');
    const pid = Number(readFileSync(join(world.dir, 'pid'), 'utf8'));
    expect(eventsIn(world)).toEqual([
      { event: 'start', pid },
      { event: 'end', ...end },
    ]);
  });

  it.each([
    ['js-create -j 2 -- sh -c "js-acquire -n 2 >h; js-run --no-wait --status-fd 7 true"', 'no-slot', 75],
    ['js-create -j 2 -- js-run -n 3 --status-fd 7 true', 'usage', 125],
    ['js-run --require --status-fd 7 true', 'no-pool', 69],
    ['js-run --status-fd 7 -n 0 true', 'usage', 125],
    ['js-run --status-fd 7', 'usage', 125],
    ['js-run --status-fd 7 nowhere-on-path', 'not-found', 127],
    ['js-run --status-fd 7 /dev/null', 'not-executable', 126],
    ['printf "#!/nowhere/sh\\n" >s; chmod +x s; ulimit -Sn 512; js-run --status-fd 7 ./s', 'not-found', 127],
    ['js-create --status-fd 7 nowhere-on-path', 'not-found', 127],
    ['js-create --status-fd 7 -j 0 true', 'usage', 2],
    ['js-create --status-fd 7', 'usage', 2],
    ['js-create --status-fd 7 --fifo /nowhere/f true', 'failed', 1],
  ])('says why the command did not run: %s is %s', async (script, kind, status) => {
    const world = makeWorld();
    const ended = await world.run(`${script} 7>status`);
    const [event, ...others] = eventsIn(world);
    expect(event).toEqual({ event: 'error', kind, status, message: expect.any(String) });
    expect(others).toEqual([]);
    expect(ended.status).toBe(status);
    expect(ended.stderr).toContain(event?.message);
  });

  it('says that a signal ended the wait', async () => {
    const world = makeWorld();
    const script = `eval "$(js-create -j 1)"; js-acquire >handle
      js-run --status-fd 7 true 7>status & until grep -qs 'command "true"'  run/*/*/claims/*; do sleep .05; done
      kill -TERM $!; wait $!; echo $?; js-destroy`;
    expect((await world.run(script)).stdout).toBe('143\n');
    const message = 'ended by SIGTERM before the command started';
    expect(eventsIn(world)).toEqual([{ event: 'error', kind: 'interrupted', signal: 'SIGTERM', message }]);
  });

  it('reports a dry run as a command that did nothing', async () => {
    const world = makeWorld();
    expect((await world.run('MAKEFLAGS=n js-run --status-fd 7 false 7>status')).stdout).toBe('false\n');
    expect(eventsIn(world)).toEqual([{ event: 'end', status: 0 }]);
  });

  // Node leaves the descriptors from 17 on open for its children.
  it.each([3, 7, 16, 40, 70, 200])('%i is not open in the command', async (fd) => {
    const world = makeWorld();
    const { stdout, stderr } = await world.run(
      `for command in 'js-create -j 2' js-run; do
        exec 5<<<five; $command --status-fd ${fd} -- sh -c 'ls -l /proc/$$/fd; cat <&5' ${fd}>>status
      done`,
    );
    expect(stderr).toBe('');
    expect(stdout.match(/^five$/gm)).toHaveLength(2);
    expect(stdout).not.toContain('/status');
    expect(eventsIn(world)).toHaveLength(4);
  });

  it.each([
    ['closed', '12'],
    ['for reading only', '7', '7<&0'],
    ['not a number', 'x'],
    ['negative', '-1'],
    ['huge', '99999999999'],
  ])('that is %s is a usage error', async (_, fd, redirection = '') => {
    for (const [command, status] of [
      ['js-run', 125],
      ['js-create', 2],
    ] as const) {
      const ended = await makeWorld().run(`${command} --status-fd=${fd} echo ran ${redirection}`);
      expect(ended).toMatchObject({ status, stdout: '' });
      expect(ended.stderr).toMatch(new RegExp(`^${command}: --status-fd: [^\\n]+\\n$`));
    }
  });

  it("is never one of Node's own", async () => {
    const numbers = Array.from({ length: 40 }, (_, index) => index + 3);
    const script = `for fd in ${numbers.join(' ')}; do js-run --status-fd $fd echo ran; done`;
    const { stdout, stderr } = await makeWorld().run(script);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(numbers.length);
  });

  it.each([
    ['a reader that is gone', '7>&8 8>&-', 'exec 8> >(:); wait $!'],
    ['a full disk', '7>/dev/full', ':'],
  ])('changes nothing else for %s', async (_, redirection, prepare) => {
    const ended = await makeWorld().run(`${prepare}; js-run --status-fd 7 sh -c 'echo out; exit 3' ${redirection}`);
    expect(ended).toEqual({ status: 3, stdout: 'out\n', stderr: '' });
  });

  it('reaches a program in Python, which sees its end when js-run ends', async () => {
    const world = makeWorld();
    world.file(
      'read.py',
      `import json, os, subprocess, sys
spare = [os.dup(2) for _ in range(80)]
reader, writer = os.pipe()
job = subprocess.Popen(["js-run", "--status-fd", str(writer), "sh", "-c", "sleep 1000 >/dev/null 2>&1 & exit 75"], pass_fds=[writer])
os.close(writer)
events = [json.loads(line) for line in os.fdopen(reader)]
print(job.wait(), writer > 64, *[event["event"] for event in events], events[-1]["status"])
`,
    );
    const { stdout, stderr } = await world.run('timeout 20 python3 read.py');
    expect({ stdout, stderr }).toEqual({ stdout: '75 True start end 75\n', stderr: '' });
  });

  it('may be standard output', async () => {
    const { stdout } = await makeWorld().run('js-run --status-fd 1 echo out');
    expect(stdout).toMatch(/^\{"event":"start","pid":\d+\}\nout\n\{"event":"end","status":0\}\n$|^out\n\{/);
    expect(JSON.parse(stdout.split('\n').find((line) => line.includes('start')) ?? '')).toEqual(START);
  });
});
