import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { make441Dir, ninja113Dir } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

/** Runs a script as the session of a pool at `f` for four jobs. */
function session(world: World, script: string, { shell = 'bash', options = '', env = {} } = {}) {
  world.file('script', script);
  return world.run(`js-create -j 4 --fifo f ${options} -- ${shell} script`, { env });
}

/** Shows words one by one. */
const SHOW = `printf '<%s>'`;

describe.each([
  ['without a pool', ''],
  ['in a pool', 'js-create -j 2 -- '],
])('js-run %s', (_, create) => {
  it.each([
    ['sh -c "exit 7"', 7],
    ['-- sh -c "exit 255"', 255],
    ['sh -c "kill -TERM \\$\\$"', 143],
    ['sh -c "kill -KILL \\$\\$"', 137],
    ['sh -c "kill -PIPE \\$\\$"', 141],
    ['/nonexistent/program', 127],
    ['nonexistent-program', 127],
    ['/dev/null', 126],
    ['/', 126],
    ['""', 127],
  ])('exits as %s does: %i', async (command, status) => {
    const { stdout, stderr } = await makeWorld().run(`${create}js-run ${command}; echo $?`);
    expect(stdout).toBe(`${status}\n`);
    if (status === 126 || status === 127) expect(stderr).toMatch(/^js-run: cannot run '[^']*': [^\n]+\n$/);
  });

  it('passes on stdin, stdout, stderr and the descriptors of its parent', async () => {
    const { stdout, stderr } = await makeWorld().run(
      `exec 5<<<five 7>seven 40<<<forty
      echo in | ${create}js-run bash -c 'cat; echo err >&2; cat <&5; cat <&40; echo 7 >&7'; cat seven`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'in\nfive\nforty\n7\n', stderr: 'err\n' });
  });

  it.each(['NODE_PENDING_DEPRECATION=1', 'NODE_OPTIONS="--pending-deprecation --trace-uncaught"'])(
    'prints nothing of its own with %s',
    async (setting) => {
      expect(await makeWorld().run(`export ${setting}; ${create}js-run echo hi`)).toEqual({
        stdout: 'hi\n',
        stderr: '',
        status: 0,
      });
    },
  );

  it.each([
    ['a file', '5<<<five'],
    ['a pipe', '5< <(echo five)'],
  ])('passes on what its own redirection opens: %s', async (__, redirection) => {
    expect((await makeWorld().run(`${create}js-run sh -c 'cat <&5' ${redirection}`)).stdout).toBe('five\n');
  });

  it.each([[`'a  b' '' ' ' -- --timeout 5 '*' '~' '$x' "it's" '"' '\\' ü`], [`$'new\\nline' $'\\t' '' ''`]])(
    'keeps the arguments %s',
    async (args) => {
      const world = makeWorld();
      const plain = await world.run(`${SHOW} ${args} | od -c`);
      expect((await world.run(`${create}js-run ${SHOW} ${args} | od -c`)).stdout).toBe(plain.stdout);
    },
  );

  it('refuses an argument that it could only pass on with changed bytes', async () => {
    const ended = await makeWorld().run(`${create}js-run ${SHOW} $'latin \\xe4 1'; exit $?`);
    expect(ended).toMatchObject({ stdout: '', status: create === '' ? 125 : 1 });
    expect(ended.stderr).toMatch(/^js-(run|create): cannot pass on an argument that is not valid UTF-8\n$/);
  });
});

describe('js-run', () => {
  it.each([
    ['js-run env', 0, 'A=1\n'],
    ['js-run --no-wait env', 0, 'A=1\n'],
    ['js-run -n 4 env', 0, 'A=1\n'],
    ['js-run --require env', 69, ''],
  ])('without a pool: %s', async (command, status, stdout) => {
    const script = `env -i A=1 PATH="$PATH" ${command} | grep -v ^PATH=; exit $PIPESTATUS`;
    const ended = await makeWorld().run(script);
    expect(ended).toMatchObject({ status, stdout });
    expect(ended.stderr).toMatch(status === 0 ? /^$/ : /^js-run: no pool: [^\n]*\n$/);
  });

  it.each([
    ['js-acquire -n 4; js-run --no-wait echo ran', 75, /^js-run: no slot free in the pool '.*\/f'\n$/],
    ['js-acquire -n 4; js-run --timeout 0.2 echo ran', 75, /^js-run: no slot free in the pool '.*\/f' within 0.2 s\n$/],
    ['js-acquire -n 2; js-run --timeout 0.2 -n 3 echo ran', 75, /^js-run: only 2 of 3 slots free .*\n$/],
    ['js-run -n 5 echo ran', 125, /^js-run: cannot take 5 slots: the pool '.*\/f' has only 4 \(see js-run --help\)\n$/],
  ])('%s: %i', async (script, status, message) => {
    const { stdout, stderr } = await session(
      makeWorld(),
      `{ ${script}; } >out; echo $?; js-release; grep ran out; js-acquire --no-wait -n 4 >/dev/null && echo all`,
    );
    expect(stdout).toBe(`${status}\nall\n`);
    expect(stderr).toMatch(message);
  });

  it.each([
    ['a slot', '-n 1', 1, 'only one,'],
    ['3 slots', '-n 3', 3, '3, one of them'],
  ])('outside the session it refuses to wait for slots that can never be free: %s', async (what, count, jobs, has) => {
    const world = makeWorld();
    const ended =
      await world.run(`js-create -j ${jobs} --fifo f -- sh -c ': >ready; until [ -e go ]; do sleep 0.02; done' &
      until [ -e ready ]; do sleep 0.02; done; js-run --fifo f ${count} true; echo $?; : >go; wait`);
    expect(ended.stdout).toBe('125\n');
    expect(ended.stderr).toBe(
      `js-run: cannot take ${what}: the pool '${world.dir}/f' has ${has} reserved for the session that it was made for, and this process is outside that session (see js-run --help)\n`,
    );
  });

  it('-n 2 gives the command a pool of just its slots, and takes them back whatever it does', async () => {
    const { stdout } = await session(
      makeWorld(),
      `js-run -n 2 bash -c 'echo "$MAKEFLAGS"; js-acquire -n 3 2>/dev/null; echo $?; js-acquire -n 2 >/dev/null; kill -KILL $$'
      echo $?; js-acquire --no-wait -n 4 >/dev/null && echo all; ls run/*/*/pool.json | wc -l`,
      { options: '--auth fifo' },
    );
    const [flags, ...rest] = stdout.trimEnd().split('\n');
    expect(flags).toMatch(/^ -j2 --jobserver-auth=fifo:\/\S+$/);
    expect(rest).toEqual(['2', '137', 'all', '1']);
  });

  it('does not take the slot of its own recipe again if a job has another TMPDIR', async () => {
    const world = makeWorld();
    mkdirSync(join(world.dir, 'other'));
    world.file(
      'Makefile',
      'all:\n\t+@js-acquire -n 2 >/dev/null; TMPDIR=$$PWD/other js-run --no-wait true; echo $$?; js-release\n',
    );
    const script = 'unset XDG_RUNTIME_DIR; export TMPDIR=$PWD/run; js-create -j 2 -- make -s all; make -s -j2 all';
    const { stdout } = await world.run(script);
    expect(stdout).toBe('75\n75\n');
  });

  it.each([
    ['a pair of js-create', (job: string) => `js-create -j 2 --auth pipe -- ${job}`],
    ['a pair of make', (job: string) => `printf 'all:\\n\\t+@%s\\n' '${job}' >Makefile; make -s -j2`],
    ['a pair of make, without +', (job: string) => `printf 'all:\\n\\t@%s\\n' '${job}' >Makefile; make -s -j2`],
  ])('finds %s even below a Python program, which closes inherited descriptors', async (_, run) => {
    const world = makeWorld();
    world.file('job.py', 'import subprocess\nsubprocess.run(["js-run", "--require", "echo", "joined"], check=True)\n');
    expect(await world.run(run('python3 job.py'))).toEqual({ status: 0, stdout: 'joined\n', stderr: '' });
  });

  it('leaves no state behind in a pool of make', async () => {
    const world = makeWorld();
    world.file('Makefile', 'all: a b c\na b c:\n\t@js-run true\n');
    expect(await world.run('make -s -j2; ls run/* | grep -v versions; true')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });
});

describe('a dry run of make', () => {
  it.each([
    ['n', 'js-run touch ran', 'touch ran\n', false],
    ['kn', 'js-run -- touch ran', 'touch ran\n', false],
    ['-n', 'js-run touch ran', 'touch ran\n', false],
    ['q -- X=n', 'js-run touch ran', 'touch ran\n', false],
    ['k -- X=n', 'js-run touch ran', '', true],
    ['--no-print-directory', 'js-run touch ran', '', true],
    ['n', 'js-run --ignore-dry-run touch ran', '', true],
    ['n', 'js-run make', 'touch ran\n', false],
    ['n', 'js-run nonexistent-program', 'nonexistent-program\n', false],
  ])('MAKEFLAGS=%s: %s', async (flags, command, stdout, ran) => {
    const world = makeWorld();
    world.file('Makefile', 'ran:\n\ttouch ran\n');
    const ended = await world.run(`MAKEFLAGS='${flags}' ${command}; [ -e ran ] && echo did >&2; :`);
    expect(ended).toEqual({ status: 0, stdout, stderr: ran ? 'did\n' : '' });
  });

  it.each(['dash', 'bash', 'zsh'])('prints what %s reads back', async (shell) => {
    const args = `a 'b  c' '' "it's" '$x' '*' '\\' '"' 'new
line' "'\\"\\$x\\n" '~' '=ls' '#' '!'`;
    const script = `${SHOW} ${args} >direct; eval "$(MAKEFLAGS=n js-run ${SHOW} ${args})" >printed; cmp direct printed`;
    expect(await makeWorld().run(script, { shell })).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('also prints below a real make -n, in the lines that make runs then', async () => {
    const world = makeWorld();
    world.file('Makefile', "all:\n\t+@js-run touch 'a b'\n\t+@js-run --ignore-dry-run echo really\n");
    const { stdout } = await world.run('make -n -j2; ls');
    expect(stdout).toContain("js-run touch 'a b'\ntouch 'a b'\njs-run --ignore-dry-run echo really\nreally\n");
    expect(stdout).not.toMatch(/^a b$/m);
  });
});

describe('the tool that js-run starts', () => {
  const jobs = ['a', 'b', 'c', 'd', 'e', 'g'];
  const ninja = ['rule r', ' command = span $out meet', ...jobs.map((job) => `build ${job}: r`), ''].join('\n');

  it.each([
    ['ninja 1.11 with one slot', 'js-run ninja', 1],
    ['ninja 1.11 with two', 'js-run -n 2 ninja', 2],
    ['ninja 1.13 in the pool', `PATH=${ninja113Dir}:$PATH js-run ninja`, 4],
    ['make 4.3', 'js-run make', 4],
    ['make 4.3 with two slots', 'js-run -n 2 make', 2],
    ['make 4.4.1', `PATH=${make441Dir}:$PATH js-run make`, 4],
    ['a script that calls make', 'js-run sh -c "make; exit"', 4],
    ['a program that calls make', 'js-run env A=1 make', 4],
  ])('stays within the pool: %s', async (_, script, most) => {
    const world = makeWorld();
    world.file('build.ninja', ninja);
    world.file('Makefile', `all: ${jobs.join(' ')}\n${jobs.join(' ')}:\n\t@span $@ meet\n`);
    const { status, stderr } = await session(world, script, { env: { MEET: String(most) } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const spans = await world.spans();
    expect({ count: spans.length, peak: peak(spans) }).toEqual({ count: 6, peak: most });
  });

  it('gets the number of slots if it cannot join', async () => {
    const world = makeWorld();
    world.file('bin/go', '#!/bin/sh\necho "$GOMAXPROCS $*"\n');
    expect((await session(world, 'js-run go build -p 9; js-run -n 3 go vet')).stdout).toBe('1 build -p 9\n3 vet\n');
  });
});

it('the command of a killed js-run keeps its slot', async () => {
  const { stdout } = await session(
    makeWorld(),
    `js-acquire -n 3 >/dev/null
    js-run -- sh -c ': >up; until [ -e go ]; do sleep 0.02; done; js-run --no-wait echo ran; : >done' & outer=$!
    until [ -e up ]; do sleep 0.02; done
    kill -KILL $outer; wait $outer 2>/dev/null; touch go; until [ -e done ]; do sleep 0.02; done
    js-acquire --timeout 10 >/dev/null && echo back`,
  );
  expect(stdout).toBe('ran\nback\n');
});
