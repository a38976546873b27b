import { describe, expect, it } from 'vitest';
import { make441Dir } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

/** Shell functions: a wait until something holds, and how many claims there are. */
const FUNCTIONS = `
until_true() { until eval "$1"; do sleep 0.02; done; }
claims() { ls run/*/*/claims 2>/dev/null | grep -c .; }
`;

/** Runs a bash script in a world of its own. */
function run(script: string, world: World = makeWorld()) {
  world.file('script', FUNCTIONS + script);
  return world.run('bash script');
}

describe('the jobs of js-each', () => {
  const jobs = 'span {} meet ::: 1 2 3 4 5 6 7 8';
  const recipe = (prefix: string, make = 'make') =>
    `printf 'all: ; ${prefix}@js-each ${jobs}\\n' >Makefile; ${make} -s -j3`;

  it.each([
    ['a pool of js-create', `js-create -j 3 -- js-each ${jobs}`, 3],
    ['a pool of one', `js-create -j 1 -- js-each ${jobs}`, 1],
    ['no pool, with -j', `js-each -j 3 ${jobs}`, 3],
    ['a pool, with a -j that is less', `js-create -j 4 -- js-each -j 2 ${jobs}`, 2],
    ['a recipe of make 4.3', recipe(''), 3],
    ['a recipe of make 4.3 with +', recipe('+'), 3],
    ['a recipe of make 4.4', recipe('', `${make441Dir}/make`), 3],
    ['a recipe of make 4.4 with +', recipe('+', `${make441Dir}/make`), 3],
    ['a recipe of make -j1', recipe('').replace('-j3', '-j1'), 1],
    ['a js-run', `js-create -j 3 -- js-run js-each ${jobs}`, 3],
    ['a js-run -n', `js-create -j 4 -- js-run -n 2 js-each ${jobs}`, 2],
    ['a pool, with js-run in each', `js-create -j 3 -- js-each js-run ${jobs}`, 3],
    ['a js-each', `js-create -j 3 -- js-each sh -c 'js-each span $0 meet ::: 1 2 3' ::: 4 5 6`, 3],
    [
      'slots of two',
      `js-create -j 4 -- js-each --slots 2 sh -c 'js-run span $0 meet & js-run span $0 meet; wait' ::: 1 2 3 4`,
      4,
    ],
    ['a pool that cannot be joined', `MAKEFLAGS='-j8 --jobserver-auth=fifo:/nonexistent' js-each ${jobs}`, 1],
  ])('run in slots: in %s', async (_, script, most) => {
    const world = makeWorld();
    const { status } = await run(`export MEET=${most}; ${script}`, world);
    const spans = await world.spans();
    expect({ status, peak: peak(spans), count: spans.length }).toEqual({
      status: 0,
      peak: most,
      count: spans.length === 9 ? 9 : 8,
    });
  });

  it('leave no slot behind, whatever they do', async () => {
    const { stdout } = await run(`js-create -j 3 --fifo f -- bash -c '
      seq 30 | js-each sh -c "case \\$((\\$0 % 3)) in 0) exit 1;; 1) kill -KILL \\$\\$;; esac"; echo $?
      js-acquire -n 3 --no-wait >/dev/null && echo all'`);
    expect(stdout).toBe('20\nall\n');
  });

  it('learn their number of slots from {n}', async () => {
    const { stdout } = await run(`js-create -j 4 -- js-each -k --slots 1-3 echo x{n} ::: '{n}' b`);
    expect(stdout).toMatch(/^x3 \{n\}\nx[123] b\n$/);
  });

  it('keep their slots if js-each is killed, and give them back', async () => {
    const world = makeWorld();
    const { stdout } = await run(
      `eval "$(js-create -j 3 --fifo f)"
      js-each sh -c ': >up.$0; until [ -e go ]; do sleep 0.02; done; : >done.$0' ::: 1 2 3 4 & each=$!
      until_true '[ -e up.1 ] && [ -e up.2 ] && [ -e up.3 ]'
      kill -KILL $each; wait $each 2>/dev/null; sleep 2.5
      js-acquire --no-wait 2>/dev/null || echo none
      : >go; js-acquire -n 3 --timeout 20 >/dev/null && ls done.*; js-release; js-destroy`,
      world,
    );
    expect(stdout).toBe('none\ndone.1\ndone.2\ndone.3\n');
  });

  it('have a pool of their own as long as they run, if js-each is killed', async () => {
    const { stdout } = await run(`
      js-each -j 2 sh -c ': >up.$0; until [ -e go ]; do sleep 0.02; done; js-run --require echo $0 >>ran' ::: 1 2 3 & each=$!
      until_true '[ -e up.1 ] && [ -e up.2 ]'; kill -KILL $each; wait $each 2>/dev/null; sleep 2.5
      : >go; until_true '[ "$(grep -c . ran)" = 2 ]'; sort ran`);
    expect(stdout).toBe('1\n2\n');
  });

  it('leave the slot to a js-run that a job leaves in the background', async () => {
    const world = makeWorld();
    const { stdout } = await run(
      `js-create -j 2 --fifo f -- bash -c '
      js-each sh -c "js-run sh -c \\": >up; until [ -e go ]; do sleep 0.02; done\\" & until [ -e up ]; do sleep 0.02; done" ::: 1
      js-acquire --no-wait >/dev/null && { js-acquire --no-wait 2>/dev/null || echo one; }; js-release; : >go
      js-acquire -n 2 --timeout 20 >/dev/null && echo all'`,
      world,
    );
    expect(stdout).toBe('one\nall\n');
  });

  it('do not overtake those that wait for longer', async () => {
    const { stdout } = await run(`eval "$(js-create -j 1 --all-tokens --auth fifo --fifo f)"
      waiting() { ls run/*/*/locks | grep -c '^waits-token'; }
      js-run sh -c ': >busy; until [ -e go ]; do sleep 0.02; done' & until_true '[ -e busy ]'
      js-each sh -c 'echo each $0 >>order' ::: 1 2 3 & until_true '[ $(waiting) = 1 ]'
      js-run sh -c 'echo run >>order' & until_true '[ $(waiting) = 2 ]'
      : >go; wait; cat order; js-destroy`);
    expect(stdout).toBe('each 1\nrun\neach 2\neach 3\n');
  });
});

describe('a signal', () => {
  const RECORDER = `#!/bin/bash
for signal in TERM INT USR1; do trap "echo $signal >>got.$1" $signal; done
: >up.$1; until [ -e done ]; do sleep 0.02; done`;

  it.each([
    ['INT', '$each', 130],
    ['TERM', '$each', 143],
    ['TERM', '-$each', 143],
  ])('ends it when each job has got it once: %s to %s', async (signal, to, status) => {
    const world = makeWorld();
    world.file('recorder', RECORDER);
    const { stdout, stderr } = await run(
      `eval "$(js-create -j 2 --fifo f)"; set -m
      js-each ./recorder ::: 1 2 3 4 & each=$!; until_true '[ -e up.1 ] && [ -e up.2 ]'; sleep 0.3
      kill -${signal} -- ${to}; until_true 'grep -q ${signal} got.1 && grep -q ${signal} got.2'
      kill -USR1 $each; until_true 'grep -q USR1 got.1 && grep -q USR1 got.2'
      : >done; wait $each; echo $? $(cat got.*); js-acquire -n 2 --no-wait >/dev/null && echo all; js-release; js-destroy`,
      world,
    );
    expect(stdout).toBe(`${status} ${signal} USR1 ${signal} USR1\nall\n`);
    expect(stderr).toContain(`js-each: SIG${signal}: 2 jobs did not run\n`);
  });

  it('ends a wait for slots', async () => {
    const { stdout, stderr } = await run(`eval "$(js-create -j 1 --fifo f)"; js-acquire >/dev/null
      js-each echo ::: 1 2 & each=$!; until_true '[ $(claims) = 2 ]'; kill -TERM $each; wait $each; echo $?; claims
      js-release; js-destroy`);
    expect({ stdout, stderr }).toEqual({ stdout: '143\n1\n', stderr: 'js-each: SIGTERM: 2 jobs did not run\n' });
  });
});

describe('the output', () => {
  it.each([
    ['is kept together', 'sh -c "echo $0; echo $0; sleep 0.1; echo $0"', (lines: string[]) => lines.length === 9],
  ])('%s', async (_, command, isRight) => {
    const { stdout } = await run(`js-each -j 3 ${command.replaceAll('"', "'")} ::: 1 2 3`);
    const lines = stdout.trim().split('\n');
    const groups = lines.filter((line, index) => line !== lines[index - 1]);
    expect(isRight(lines) && groups.length).toBe(3);
  });

  it('is in order with -k, although a job ends before another', async () => {
    const job = `until [ $0 = 3 ] || [ -e done.$(($0 + 1)) ]; do sleep 0.02; done; echo $0; : >done.$0`;
    expect((await run(`js-each -k -j 3 sh -c '${job}' ::: 1 2 3`)).stdout).toBe('1\n2\n3\n');
  });

  it('is there by lines with --line-buffer while the job runs', async () => {
    const { stdout } = await run(`mkfifo p; exec 9<>p
      js-each --line-buffer --tag sh -c 'echo first; printf rest; until [ -e go ]; do sleep 0.02; done; echo' ::: a >p &
      read -r line <&9; echo "$line"; : >go; read -r line <&9; echo "$line"; wait`);
    expect(stdout).toBe('a\tfirst\na\trest\n');
  });

  it('that nobody reads keeps no slot', async () => {
    const { stdout } = await run(`eval "$(js-create -j 2 --auth fifo --fifo f)"; mkfifo p; exec 5<>p
      js-each sh -c 'head -c 300000 /dev/zero; : >done.$0' ::: 1 2 3 4 >p & each=$!
      until_true '[ -e done.4 ]'; js-acquire -n 2 --timeout 20 >/dev/null && echo free; js-release
      head -c 1200000 <p | wc -c; wait $each; echo $?; js-destroy`);
    expect(stdout).toBe('free\n1200000\n0\n');
  });

  it('that nobody wants any more ends it quietly', async () => {
    const { stdout, stderr } = await run(
      `js-each -j 2 --line-buffer sh -c 'while echo y; do sleep 0.05; done' ::: 1 2 | head -1; echo \${PIPESTATUS[*]}`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'y\n141 0\n', stderr: '' });
  });

  it('can be opened again by the job, as /dev/stderr', async () => {
    const { stdout, stderr } = await run(`js-each sh -c 'echo out >/dev/stdout; echo err >/dev/stderr' ::: 1`);
    expect({ stdout, stderr }).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  });

  it('may be any amount', async () => {
    const { stdout } = await run(`js-each -j 2 sh -c 'head -c 200000000 /dev/zero' ::: 1 2 >all & each=$!
      most=0; while [ -e /proc/$each/fd ]; do
        now=$(sed -n 's/^VmRSS:[^0-9]*//p' /proc/$each/status 2>/dev/null | cut -d' ' -f1); ((\${now:-0} > most)) && most=$now; sleep 0.01
      done; wait $each; stat -c %s all; ((most > 10000 && most < 150000)) && echo small`);
    expect(stdout).toBe('400000000\nsmall\n');
  });

  it('with --json is a line for each job', async () => {
    const { stdout } = await run(
      `js-each --json -k sh -c 'echo "o$0"; printf "\\377" >&2; [ $0 = b ] && kill $$' ::: a b`,
    );
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const same = {
      timedOut: false,
      tries: 1,
      start: expect.stringMatching(/Z$/),
      seconds: expect.any(Number),
      stderr: '\ufffd',
    };
    expect(lines.map(({ command: _, ...rest }) => rest)).toEqual([
      { ...same, job: 1, items: ['a'], status: 1, stdout: 'oa\n' },
      { ...same, job: 2, items: ['b'], signal: 'SIGTERM', stdout: 'ob\n' },
    ]);
  });
});

describe('js-each', () => {
  it.each([
    ['js-each true ::: a b', 0, ''],
    ['js-each false ::: a b c', 3, ''],
    ['seq 150 | js-each -n 1 false', 101, ''],
    ['js-each --timeout 30d true ::: a', 0, ''],
    ['js-each sh -c "exit 7" :::', 0, ''],
    ['js-each nonexistent ::: a b', 127, "js-each: cannot run 'nonexistent': No such file or directory\n"],
    ['js-each /dev/null ::: a b', 126, "js-each: cannot run '/dev/null': Permission denied\n"],
    ['js-each {} ::: true nonexistent false', 2, "js-each: cannot run 'nonexistent': No such file or directory\n"],
    [
      'js-each -j 1 --halt now,fail=1 sh -c "exit \\$0" ::: 0 3 4',
      3,
      'js-each: job 2 exited with 3: 1 job did not run\n',
    ],
    [
      'js-each -j 1 --halt soon,success=1 sh -c "exit \\$0" ::: 3 0 4',
      0,
      'js-each: job 2 succeeded: 1 job did not run\n',
    ],
    [
      'js-each --fifo nowhere true ::: a',
      69,
      /^js-each: cannot open the pool '.*nowhere': No such file or directory\n$/,
    ],
    ['js-each', 125, 'js-each: no command given (see js-each --help)\n'],
    ['js-each true ::: a ::: b', 125, /^js-each: only one ':::' is possible/],
    ['js-each true <.', 125, "js-each: cannot read 'standard input': Is a directory\n"],
    ['js-each -a nowhere true', 125, "js-each: cannot read 'nowhere': No such file or directory\n"],
    ['js-each -j 1 --slots 2 true ::: a', 125, /^js-each: cannot take 2 slots: the pool '.*' has only 1 /],
    [
      'TMPDIR=/nonexistent js-each true ::: a',
      125,
      "js-each: cannot create a file for output in '/nonexistent': No such file or directory\n",
    ],
    ["printf 'a\\377\\n' | js-each true", 125, 'js-each: cannot pass on item 1: it is not valid UTF-8\n'],
  ])('%s: %i', async (script, status, message) => {
    const ended = await run(script);
    expect(ended.status).toBe(status);
    expect(ended.stderr).toMatch(
      typeof message === 'string' ? new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : message,
    );
  });

  it('ends what a job has started at --timeout', async () => {
    const { stdout, status } = await run(`js-each --timeout 0.5 sh -c 'sleep 77 & echo $! >pid; wait' ::: 1; echo $?
      ps -p $(cat pid) -o stat= | grep -v Z; :`);
    expect({ stdout, status }).toEqual({ stdout: '1\n', status: 0 });
  });

  it('runs a job again with --retries, and prints the last output only', async () => {
    const { stdout } = await run(
      `js-each --retries 5 sh -c 'echo . >>tries; n=$(grep -c . tries); echo $n; [ $n = 3 ]' ::: a; echo $?`,
    );
    expect(stdout).toBe('3\n0\n');
  });

  it('goes on with a --joblog', async () => {
    const { stdout } = await run(`js-each -j 1 --halt now,fail=1 --joblog log sh -c 'exit $0' ::: 0 5 0 2>/dev/null
      js-each -k --joblog log --resume echo ::: a b c; js-each -k --joblog log --resume-failed echo ::: d e f; cut -f 1,7,9 log`);
    expect(stdout).toBe(
      "c\ne\nSeq\tExitval\tCommand\n1\t0\tsh -c 'exit $0' 0\n2\t5\tsh -c 'exit $0' 5\n3\t0\techo c\n2\t0\techo e\n",
    );
  });

  it('gives all jobs the limit on open files that it was started with', async () => {
    const { stdout } =
      await run(`ulimit -Sn 1024; seq 30 | js-create -j 4 -- js-each sh -c 'ulimit -Sn' | sort | uniq -c
      ulimit -Sn 300; js-each sh -c 'ulimit -Sn' ::: 1 2 3 | uniq -c`);
    expect(stdout).toBe('     30 1024\n      3 300\n');
  });

  it('reads no more items than it needs', async () => {
    const { stdout } = await run(
      `seq 1000000000 | js-each -j 1 --halt now,fail=3 sh -c 'exit 1' 2>/dev/null; echo \${PIPESTATUS[*]}`,
    );
    expect(stdout).toBe('141 3\n');
  });

  it('has no pool of somebody else open while it waits for items', async () => {
    const { stdout } = await run(`eval "$(js-create -j 2 --auth fifo --fifo f)"; mkfifo p; exec 9<>p
      js-each echo <p 9>&- >out & each=$!; echo one >&9; until_true 'grep -q one out'
      until_true '! ls -l /proc/$each/fd | grep -q /f$ && [ $(claims) = 0 ]'; echo two >&9; exec 9>&-; wait $each; cat out; js-destroy`);
    expect(stdout).toBe('one\ntwo\n');
  });

  it('prints the commands in a dry run of make', async () => {
    const world = makeWorld();
    world.file('Makefile', "all: ; +@js-each touch 'x y' {} ::: a b\n");
    expect((await world.run('make -s -n; ls')).stdout).toMatch(/touch 'x y' a\ntouch 'x y' b\nMakefile\nbin\n/);
  });

  it('starts 300 jobs without a wait for more than it has slots', async () => {
    const world = makeWorld();
    const { stdout } = await run(
      `seq 300 | js-create -j 4 -- js-each -k span {} echo {} | cksum; seq 300 | cksum`,
      world,
    );
    const [one, other] = stdout.trim().split('\n');
    expect(one).toBe(other);
    expect(peak(await world.spans())).toBeLessThanOrEqual(4);
  });
});
