import { describe, expect, it } from 'vitest';
import { make441Dir } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { canLimitMemory, makeLimitedWorld } from './memory-group.js';
import { makeWorld, type World } from './world.js';

/** Functions for the scripts: each waits for what it says. */
const FUNCTIONS = `
  until_there() { for file; do until [ -e "$file" ]; do sleep 0.02; done; done; }
  until_waiting() { until [ "$(ls run/*/*/locks | grep -c "waits-$1+")" = "$2" ]; do sleep 0.02; done; }
  export -f until_there
`;

/** Runs a script in a pool of N slots, below a session. */
const inPool = (world: World, jobs: number, script: string) => {
  world.file('script', FUNCTIONS + script);
  return world.run(`PATH=${make441Dir}:$PATH js-create -j ${jobs} -- bash script`);
};

const WELL = { stdout: '', stderr: '', status: 0 };

/** Returns how many of the jobs with one of these names ran at a time. */
const peakOf = async (world: World, ...names: string[]): Promise<number> =>
  peak((await world.spans()).filter(({ name }) => names.includes(name)));

describe.skipIf(!canLimitMemory)('jobs with --memory, in a cgroup with a limit', () => {
  it.each([
    ['that use it', 'hog 340'],
    ['that do not use it yet', ''],
  ])('%s do not overlap if they do not fit, and jobs without it run meanwhile', async (_, hog) => {
    const world = makeLimitedWorld();
    const script = `
      for i in 1 2 3; do js-run --memory 60% -- span big ${hog} bash -c 'touch big; until_there small' & done
      until_there big; until_waiting memory 2
      for i in 1 2 3; do js-run -- span small touch small; done; wait`;
    expect(await inPool(world, 4, script)).toEqual(WELL);
    expect(await peakOf(world, 'big')).toBe(1);
    const spans = await world.spans();
    const [first, , ...later] = spans.filter(({ name }) => name === 'big');
    const small = spans.filter(({ name }) => name === 'small');
    expect(small.some(({ start }) => start > (first?.start ?? Infinity) && start < (later[0]?.start ?? 0))).toBe(true);
  });

  it('run side by side if they fit', async () => {
    const world = makeLimitedWorld();
    const script = `for i in 1 2; do js-run --memory 30% -- span big hog 100 meet 2 & done; wait`;
    expect(await inPool(world, 4, script)).toEqual(WELL);
    expect(await peakOf(world, 'big')).toBe(2);
  });

  it('of js-each do not overlap if they do not fit, and do if they do', async () => {
    const world = makeLimitedWorld();
    expect(await inPool(world, 4, 'js-each --memory 60% -- span big hog 340 true ::: 1 2 3')).toEqual(WELL);
    expect(await inPool(world, 4, 'js-each --memory 60% -- span quick sleep 0.05 ::: 1 2 3 4 5 6')).toEqual(WELL);
    expect(await inPool(world, 4, 'js-each --memory 25% -- span small meet 2 ::: 1 2')).toEqual(WELL);
    const peaks = ['big', 'quick', 'small'].map((name) => peakOf(world, name));
    expect(await Promise.all(peaks)).toEqual([1, 1, 2]);
  });

  it('do not overlap if both had to wait for a slot', async () => {
    const world = makeLimitedWorld();
    const script = `
      for i in 1 2; do js-run bash -c 'touch plain$$; until_there free' & done; until ls plain* | grep -c . | grep -q 2; do sleep 0.02; done
      js-run --memory 60% -- span big hog 340 sleep 0.2 & until_waiting token 1
      js-run --memory 60% -- span big hog 340 sleep 0.2 & until_waiting memory 1; touch free; wait`;
    expect((await inPool(world, 2, script)).status).toBe(0);
    expect(await peakOf(world, 'big')).toBe(1);
  });

  it('in a recipe start before one that waits for the slot of that recipe', async () => {
    const world = makeLimitedWorld();
    const script = `
      js-run bash -c 'touch busy; until_there go; js-run --memory 60% -- span inner hog 340 true' & until_there busy
      js-run --memory 60% -- span outer hog 340 true & until_waiting token 1; touch go; wait`;
    expect(await inPool(world, 1, script)).toEqual(WELL);
    expect((await world.spans()).map(({ name }) => name)).toEqual(['inner', 'outer']);
    expect(await peakOf(world, 'inner', 'outer')).toBe(1);
  });

  it('give back the slot that they waited for if one in a recipe has started meanwhile', async () => {
    const world = makeLimitedWorld();
    const script = `
      js-run bash -c 'touch busy; until_there go; js-run --memory 60% -- span inner hog 340 bash -c "touch inner; until_there end"' &
      js-run bash -c 'touch plain; until_there free' & until_there busy plain
      js-run --memory 60% -- span outer hog 340 true & until_waiting token 1
      touch go; until_there inner; touch free; until_waiting memory 1
      js-run true; touch end; wait`;
    expect(await inPool(world, 2, script)).toEqual(WELL);
    expect((await world.spans()).map(({ name }) => name)).toEqual(['inner', 'outer']);
    expect(await peakOf(world, 'inner', 'outer')).toBe(1);
  });

  it('do not wait for the job that they run in, but for each other', async () => {
    const world = makeLimitedWorld();
    world.file('Makefile', 'all: a b c\na b c:\n\tjs-run --memory 50% -- span inner hog 250 true\n');
    expect((await inPool(world, 3, 'js-run --memory 90% make -s')).status).toBe(0);
    expect(await peakOf(world, 'inner')).toBe(1);
    expect((await world.spans()).length).toBe(3);
  });

  it('in two jobs that wait for each other start', async () => {
    const world = makeLimitedWorld();
    const inner = 'js-run --memory 80% -- span inner hog 200 true | cat';
    const script = `
      for i in 1 2; do js-run --memory 25% bash -c 'touch "$0"; until_there go; ${inner}' $i & done
      until_there 1 2; touch go; wait`;
    expect(await inPool(world, 3, script)).toEqual(WELL);
    expect((await world.spans()).length).toBe(2);
  });

  it('start when a killed one has ended', async () => {
    const world = makeLimitedWorld();
    const script = `
      js-run --memory 60% bash -c 'echo $$ $PPID >pids; until_there never' & until [ -s pids ]; do sleep 0.02; done
      js-run --memory 60% touch second & until_waiting memory 1
      kill -KILL $(cat pids); wait 2>/dev/null; ls second`;
    expect(await inPool(world, 2, script)).toMatchObject({ stdout: 'second\n', status: 0 });
  });

  it.each([
    ['killed', 'KILL', 'true'],
    ['stopped', 'STOP', 'kill -CONT $first'],
    ['interrupted', 'INT', 'true'],
  ])('do not wait for the first one that waits if it is %s', async (_, signal, afterwards) => {
    const world = makeLimitedWorld();
    const script = `set -m
      js-run --memory 60% bash -c 'touch busy; until_there free' & until_there busy
      js-run --memory 60% touch first & first=$!; until_waiting memory 1
      js-run --memory 60% touch second & second=$!; until_waiting memory 2
      kill -${signal} $first; touch free; until_there second; wait $second; ${afterwards}; wait 2>/dev/null; ls first second 2>/dev/null`;
    const { stdout } = await inPool(world, 2, script);
    expect(stdout).toBe(signal === 'STOP' ? 'first\nsecond\n' : 'second\n');
  });

  it('are shown by js-status with their memory', async () => {
    const world = makeLimitedWorld();
    const script = `
      js-run --memory 60% bash -c 'touch busy; until_there free' & until_there busy
      js-run --memory 50% true & until_waiting memory 1; js-status; js-status --json >json; touch free; wait; cat json`;
    const { stdout } = await inPool(world, 2, script);
    expect(stdout).toMatch(/^HOLDING\n.*session's slot, 360M .*\n\nWAITING\n.* 300M .* true$/m);
    const { holding, waiting } = JSON.parse(stdout.slice(stdout.indexOf('{')));
    const memoryOf = (claims: { memory: number }[]) => claims.map(({ memory }) => memory / 1024 ** 2);
    expect([memoryOf(holding), memoryOf(waiting)]).toEqual([[360], [300]]);
  });

  it('get another keeper if that was killed, and end with the pool', async () => {
    const world = makeLimitedWorld();
    const script = `
      keeper() { sed -n 's/.*"keeper": *"\\([0-9]*\\).*/\\1/p' run/*/*/pool.json; }
      js-run --memory 60% bash -c 'touch busy; until_there free' & until_there busy
      js-run --memory 60% true & second=$!; until_waiting memory 1
      old=$(keeper); kill -KILL $old; until [ "$(keeper)" != $old ]; do sleep 0.02; done
      js-destroy; wait $second; echo $?; touch free; wait`;
    expect((await inPool(world, 2, script)).stdout).toBe('69\n');
  });

  it('wait in a pool of make, too', async () => {
    const world = makeLimitedWorld();
    world.file(
      'Makefile',
      'all: 1 2 3 4\n1 2 3:\n\t+js-run --memory 60% -- span big hog 340 sleep 0.1\n4:\n\t+js-run -- span small true\n',
    );
    expect(await world.run('make -s -j4')).toEqual(WELL);
    expect(await peakOf(world, 'big')).toBe(1);
    expect((await world.spans()).length).toBe(4);
  });

  it.each([
    ['--no-wait', ''],
    ['--timeout 0.5', ' within 0.5 s'],
  ])('give up with %s, and hold nothing then', async (option, within) => {
    const world = makeLimitedWorld();
    const script = `
      js-run --memory 60% bash -c 'touch busy; until_there free' & until_there busy
      js-run ${option} --memory 60% true; echo $?; js-run ${option} true; echo $?; ls run/*/*/claims | grep -c .; touch free; wait`;
    const { stdout, stderr } = await inPool(world, 2, script);
    expect(stdout).toBe('75\n0\n1\n');
    expect(stderr).toMatch(
      new RegExp(
        `^js-run: too little memory for a job of the pool '.*'${within}: 360M wanted, \\d+M free, 3\\d\\dM reserved and not used yet\n$`,
      ),
    );
  });

  it('run alone, with a warning, if they want more than there is', async () => {
    const world = makeLimitedWorld();
    const script = 'for i in 1 2; do js-run --memory 2G -- span big hog 100 sleep 0.2 & done; wait';
    const { stderr, status } = await inPool(world, 2, script);
    const warning =
      'js-run: warning: 2G of memory is more than the 600M that there is; the job starts when no other one with --memory runs\n';
    expect([stderr, status]).toEqual([warning.repeat(2), 0]);
    expect(await peakOf(world, 'big')).toBe(1);
  });

  it('of a shell are held up by others, and not by what the shell has reserved', async () => {
    const world = makeLimitedWorld();
    const script = `
      slot=$(js-acquire --memory 60%); js-run --memory 60% echo below
      setsid -f bash -c 'js-run -q --no-wait --memory 60% true 2>/dev/null; echo $? >beside'
      until [ -s beside ]; do sleep 0.02; done; cat beside
      js-release "$slot"; js-run --no-wait --memory 60% echo after`;
    expect(await inPool(world, 2, script)).toMatchObject({ stdout: 'below\n75\nafter\n', status: 0 });
  });
});

describe.skipIf(!canLimitMemory)('--memory-per-job, in a cgroup with a limit', () => {
  it.each([
    ['as many slots as memory suffices for', '1-8 --memory-per-job 40%', '2\n'],
    ['its least, even if there is too little', '3-8 --memory-per-job 40%', '3\n'],
    ['no more than its most', '1-3 --memory-per-job 10%', '3\n'],
    ['its number', '2 --memory-per-job 40%', '2\n'],
  ])('takes %s', async (_, options, slots) => {
    const world = makeLimitedWorld();
    const reads = `sh -c 'echo {n}; grep -h "^memory" run/*/*/claims/$JOBSERVER_TOOLS_CLAIM | tail -n 1'`;
    const size = options.endsWith('40%') ? 0.4 : 0.1;
    const bytes = Math.floor(size * 600 * 1024 ** 2) * Number(slots);
    expect((await inPool(world, 8, `js-run -n ${options} ${reads}`)).stdout).toBe(`${slots}memory ${bytes}\n`);
  });

  it('reserves only for the slots that it has got', async () => {
    const script = `slots=$(js-acquire -n 6); js-run -n 1-8 --memory-per-job 10% sh -c 'echo {n}; grep -h "^memory" run/*/*/claims/$JOBSERVER_TOOLS_CLAIM'`;
    const bytes = 0.1 * 600 * 1024 ** 2;
    const { stdout } = await inPool(makeLimitedWorld(), 8, script);
    expect(stdout).toMatch(new RegExp(`^2\nmemory \\d+\nmemory ${2 * bytes}\n$`));
  });

  it('of js-create lowers N', async () => {
    const { stderr, stdout } = await makeLimitedWorld().run(
      'js-create -v -j 8 --memory-per-job 40% -- js-run -n all echo {n}',
    );
    expect(stdout).toBe('2\n');
    expect(stderr).toMatch(/^js-create: N is 2: \d+M of memory is free, with 240M for each job\n$/);
  });
});

it('js-create --memory-per-job makes a pool of one for a job that is too big, and never more than -j', async () => {
  const world = makeWorld();
  const count = (options: string) => world.run(`js-create ${options} -- js-run -n all echo {n}`);
  expect((await count('-j 3 --memory-per-job 900T')).stdout).toBe('1\n');
  expect((await count('-j 3 --memory-per-job 1K')).stdout).toBe('3\n');
});

it('outside of any pool nothing is waited for', async () => {
  expect(await makeWorld().run('js-run --memory 900T echo ran')).toEqual({ ...WELL, stdout: 'ran\n' });
});

it.each([
  ['js-run --memory 4 true', "--memory: '4' is not a size such as 512M, 4G or 50%"],
  ['js-acquire --memory 4Q', "--memory: '4Q' is not a size such as 512M, 4G or 50%"],
  ['js-each --memory-per-job 0% true ::: 1', "--memory-per-job: '0%' is not a size such as 512M, 4G or 50%"],
  ['js-create --memory-per-job -1G', "--memory-per-job: '-1G' is not a size such as 512M, 4G or 50%"],
  ['js-run --memory 1G --memory-per-job 1G true', '--memory cannot be combined with --memory-per-job'],
])('%s is refused', async (command, message) => {
  const { stderr, stdout, status } = await makeWorld().run(command);
  const [name = ''] = command.split(' ');
  // For eval.
  expect(stdout).toBe(name === 'js-create' ? '(exit 2)\n' : '');
  expect(stderr).toBe(`${name}: ${message} (see ${name} --help)\n`);
  expect(status).toBe(['js-run', 'js-each'].includes(name) ? 125 : 2);
});
