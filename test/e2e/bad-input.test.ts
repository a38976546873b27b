import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Ended, makeWorld, type World } from './world.js';

/** Says whether it runs, and what it sees of a jobserver. */
const SHOW = `sh -c 'echo "ran [\${MAKEFLAGS-unset}]"'`;

/** One line that begins with the command's name, without a stack. */
function expectOneLine({ stderr }: Ended, command: string): void {
  expect(stderr).toMatch(new RegExp(`^${command}: [^\\n]+\\n$`));
  expect(stderr).not.toMatch(/node:|Error|\bat /);
}

/** No FIFO, no state, and no process that was started in this world. */
function expectNothingLeft(world: World, ...files: string[]): void {
  expect(readdirSync(world.dir).sort()).toEqual(['bin', 'run', ...files].sort());
  const state = existsSync(world.state) ? readdirSync(world.state) : [];
  expect(state.filter((name) => name !== 'versions')).toEqual([]);
  const processes = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`=${world.dir}/`);
    } catch {
      return false;
    }
  });
  expect(processes).toEqual([]);
}

const root = process.getuid?.() === 0;
const asNobody =
  'setpriv --reuid=65534 --regid=65534 --clear-groups env -u XDG_RUNTIME_DIR JOBSERVER_TOOLS_STATE="$PWD/own/state"';

describe('a pool that is advertised but cannot be joined', () => {
  const POOLS: [string, string, string][] = [
    ['a path that is not there', ':', 'fifo:$PWD/f'],
    ['a path in a folder that is not there', ':', 'fifo:$PWD/x/y'],
    ['a path through a file', '>f', 'fifo:$PWD/f/x'],
    ['a path that is too long', ':', `fifo:/${'x'.repeat(300)}`],
    ['a regular file', 'echo ++++ >f', 'fifo:$PWD/f'],
    ['a folder', ':', 'fifo:$PWD'],
    ['a FIFO that no process keeps open', 'mkfifo f', 'fifo:$PWD/f'],
    ['no path', ':', 'fifo:'],
    ['negative descriptors', ':', '-2,-2'],
    ['closed descriptors', ':', '73,74'],
    ['descriptors that are one file', 'exec 5<>f 6<>f', '5,6'],
    ['descriptors of two pipes', 'exec 5< <(:) 6> >(:)', '5,6'],
    ['one descriptor', 'exec 5<>f', '5'],
    ['huge descriptors', ':', '4294967296,4294967297'],
    ['words', ':', 'three,four'],
    ['a quoted blank', 'mkdir "a b"', 'fifo:$PWD/a\\ b/f'],
  ];

  it.each(POOLS)('causes a warning of js-run, which runs the command: %s', async (_, prepare, auth) => {
    const script = `${prepare}; export MAKEFLAGS="k -j4 --jobserver-auth=${auth} -- A=b"; exec js-run ${SHOW}`;
    const ended = await makeWorld().run(script);
    expect(ended).toMatchObject({ status: 0, stdout: 'ran [k -- A=b]\n' });
    expectOneLine(ended, 'js-run: warning');
    expect(ended.stderr).toMatch(/; running the command without a slot\n$/);
  });

  it.each(POOLS)('is an error for commands that need it: %s', async (_, prepare, auth) => {
    const script = `${prepare}; export MAKEFLAGS=" -j4 --jobserver-auth=${auth}"
      js-run --require ${SHOW}; echo $?; js-acquire; echo $?`;
    const { stdout, stderr } = await makeWorld().run(script);
    expect(stdout).toBe('69\n69\n');
    expect(stderr).toMatch(/^js-run: [^\n]+\njs-acquire: [^\n]+\n$/);
  });

  it.each(['js-release', 'js-env', 'js-destroy'])('is an error for %s', async (command) => {
    const ended = await makeWorld().run(`>f; MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/f" ${command}; exit $?`);
    expect(ended).toMatchObject({ status: 69, stdout: command === 'js-env' ? '(exit 69)\n' : '' });
    expectOneLine(ended, command);
  });

  it.runIf(root)('causes a warning if it may not be opened', async () => {
    const world = makeWorld();
    const ended = await world.run(`chmod 755 .; mkfifo -m 600 f; mkdir own; chown 65534 own; exec 5<>f; printf + >&5
      MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/f" ${asNobody} js-run ${SHOW} 5<&-; ls -A own`);
    expect(ended).toMatchObject({ status: 0, stdout: 'ran [unset]\n' });
    expectOneLine(ended, 'js-run: warning');
    expect(ended.stderr).toContain('Permission denied');
  });

  it.each([
    ['an empty string', ''],
    ['other flags', 'kw --no-print-directory'],
    ['a pair after --', 'k -- A=1 --jobserver-auth=3,4'],
    ['a word of a variable', 'k -- A=a\\ --jobserver-auth=9,9'],
    ['-j1', ' -j1'],
    ['a backslash at the end', 'k \\'],
  ])('is not %s', async (_, flags) => {
    const world = makeWorld();
    const env = { MAKEFLAGS: flags };
    expect(await world.run(`js-run ${SHOW}`, { env })).toEqual({ status: 0, stdout: `ran [${flags}]\n`, stderr: '' });
    const ended = await world.run(`js-run --require ${SHOW}`, { env });
    expect(ended).toMatchObject({ status: 69, stdout: '' });
    expectOneLine(ended, 'js-run');
  });
});

/** Command, exit status, and what the message contains. */
const USAGE: [string, number, string | RegExp][] = [
  ['js-run', 125, 'no command given'],
  ['js-run --', 125, 'no command given'],
  ['js-run -n 2', 125, 'no command given'],
  ['js-run -n 3-2 true', 125, "'3-2' begins with the larger number"],
  ['js-run -n 2- true', 125, "'2-' is not a positive integer"],
  ['js-run -n 1-x true', 125, "'x' is not a positive integer"],
  ['js-each true :::: file', 125, "'::::' is not supported; name a file of items with -a FILE"],
  ['js-each true ::: a :::+ b', 125, "':::+' is not supported"],
  ['js-each --slots 0-2 true ::: a', 125, "'0' is not a positive integer"],
  ['js-run --jobs-env 1x true', 125, "'1x' is not the name of a variable"],
  ['js-run --unknown true', 125, "'--unknown'"],
  ['js-run -z true', 125, "'-z'"],
  ['js-run --no-require true', 125, "'--no-require'"],
  ['js-run --__proto__ true', 125, 'proto'],
  ['js-run --constructor=x true', 125, "'--constructor'"],
  ['js-run --require=x.y true', 125, 'require'],
  ...['0', 'x', '5000', '-1', '1.5', '0x2', "' 2'", '99999999999'].map((count): [string, number, string] => [
    `js-run -n ${count} true`,
    125,
    '-n',
  ]),
  ...['5x', '-5', "''", '1:30', 'Infinity'].map((time): [string, number, string] => [
    `js-run --timeout ${time} true`,
    125,
    'timeout',
  ]),
  ['js-run --timeout', 125, 'timeout'],
  ["js-run -n '' true", 125, 'slots'],
  ['js-run -n', 125, 'needs a value'],
  ['js-run --auth x true', 125, "'x'"],
  ["js-run --fifo '' true", 125, 'fifo'],
  ["js-run 'not\nthere'", 127, 'No such file or directory'],
  ['js-run --fifo missing true', 69, "/missing': No such file or directory"],
  ['js-acquire -n 0', 2, '-n'],
  ['js-acquire --timeout 5x', 2, 'timeout'],
  ['js-acquire --unknown', 2, "'--unknown'"],
  ['js-acquire operand', 2, "'operand'"],
  ['js-acquire', 69, 'no pool'],
  ['js-release --unknown', 2, "'--unknown'"],
  ['js-release', 69, 'no pool'],
  ['js-release 1.2-3.4', 69, 'no pool'],
  ['js-destroy operand', 2, "'operand'"],
  ['js-destroy', 69, 'no pool'],
  ['js-env --bash-completion', 2, "'--bash-completion'"],
  ...['0', '4097', 'x', '-1', '1.5', "''"].map((count): [string, number, string] => [`js-create -j ${count}`, 2, '-j']),
  ...['0', 'x', '4194999', "''"].map((pid): [string, number, string] => [`js-create --owner ${pid}`, 2, '--owner']),
  ...['9', '0999', 'rw', '01777', "''"].map((mode): [string, number, string] => [
    `js-create --mode ${mode}`,
    2,
    '--mode',
  ]),
  ['js-create --auth x', 2, "'x'"],
  ["js-create --fifo 'a b'", 2, 'a blank'],
  ["js-create --fifo 'a\nb'", 2, 'a blank'],
  [`js-create --fifo "it's"`, 2, `"'"`],
  ["js-create --fifo '$x'", 2, '"$"'],
  ["js-create --fifo 'a\\b'", 2, 'character'],
  ["js-create --fifo ''", 2, 'fifo'],
  ['js-create --fifo run', 1, 'File exists'],
  ['js-create --fifo /dev/null', 1, 'File exists'],
  ['js-create --fifo missing/f', 1, 'No such file or directory'],
  ['js-create --fifo /proc/f', 1, "'/proc/f'"],
  ['js-create --fifo $(printf %0300d 0)', 1, /cannot create the FIFO '.*name too long/i],
  ['js-create --fifo f -j 2 >/dev/full', 1, 'No space left on device'],
];

it.each(USAGE)('%s: %i', async (command, status, words) => {
  const world = makeWorld();
  const ended = await world.run(`${command}; exit $?`);
  // The code for eval has to fail, too.
  const stdout = /^js-(create|env) /.test(command) && !command.includes('>') ? `(exit ${status})\n` : '';
  expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status, stdout });
  expectOneLine(ended, command.split(' ', 1)[0] as string);
  expect(ended.stderr).toMatch(words);
  expectNothingLeft(world);
});

describe('a state folder that another user could have prepared', () => {
  it.each([
    ['a symbolic link', 'mkdir other; ln -s "$PWD/other" run/jobserver-tools', 'it is a symbolic link'],
    ['a link that leads nowhere', 'ln -s nowhere run/jobserver-tools', 'it is a symbolic link'],
    ['a file', '>run/jobserver-tools', 'it is not a folder'],
    ['one that the group may write', 'mkdir run/jobserver-tools; chmod 770 run/jobserver-tools', 'mode must be 0700'],
    ...(root ? [['of another user', 'install -d -m 700 -o 65534 run/jobserver-tools', 'belongs to user 65534']] : []),
  ] as [string, string, string][])('is refused: %s', async (_, prepare, why) => {
    const world = makeWorld();
    const { stdout, stderr } = await world.run(`${prepare}; mkfifo g; exec 5<>g; printf + >&5
      js-create -j 2 --fifo f >code; echo $?; MAKEFLAGS=" -j2 --jobserver-auth=fifo:$PWD/g" js-run ${SHOW}; echo $?
      ls f other 2>/dev/null; ls run/jobserver-tools/ 2>/dev/null; rm -r run/jobserver-tools`);
    expect(stdout.replace('other:\n', '')).toBe('1\n125\n');
    const [create, run, ...more] = stderr.split('\n');
    expect(create).toMatch(/^js-create: refusing to use the state folder '.*\/run\/jobserver-tools': /);
    expect(run).toMatch(/^js-run: refusing to use the state folder '.*\/run\/jobserver-tools': /);
    expect(create).toContain(why);
    expect(more).toEqual(['']);
  });

  it.runIf(root).each([
    ['is of another user', '$PWD/run'],
    ['cannot be seen', '$PWD/run/inner'],
  ])('is not even looked for if XDG_RUNTIME_DIR %s, as after su', async (_, runtime) => {
    const nobody = asNobody.replace(/ env .*/, ` env -u JOBSERVER_TOOLS_STATE XDG_RUNTIME_DIR="${runtime}"`);
    const { stdout, stderr } = await makeWorld().run(`chmod 755 .; mkdir run/inner; cd /; OLD=/tmp/jobserver-tools-65534
      test -e $OLD || trap 'rm -rf $OLD' EXIT
      cd "$OLDPWD"; PATH=$PWD/bin:/usr/bin:/bin ${nobody} \\
        js-create -j 2 -- js-run --auth fifo --require sh -c 'dirname "\${MAKEFLAGS##*fifo:}"'`);
    expect({ stdout, stderr }).toEqual({ stdout: '/tmp/jobserver-tools-65534\n', stderr: '' });
  });

  it.each([
    ['JOBSERVER_TOOLS_STATE=$PWD/missing/state', 'cannot create the state folder'],
    ['JOBSERVER_TOOLS_STATE=$PWD/bin/span/state', 'cannot read the state folder'],
  ])('cannot be made: %s', async (variables, why) => {
    const world = makeWorld();
    const ended = await world.run(`${variables} js-create -j 2; exit $?`);
    expect(ended).toMatchObject({ status: 1, stdout: '(exit 1)\n' });
    expectOneLine(ended, 'js-create');
    expect(ended.stderr).toContain(why);
    expectNothingLeft(world);
  });
});

it.each([
  ['that is not there', ':', 'missing', ''],
  ['that is a file', ':', 'bin/span', ''],
  ...(root
    ? [['that is not ours to enter', 'install -d -m 700 locked; install -d -o 65534 own', 'locked', asNobody]]
    : []),
] as [string, string, string, string][])('a folder on PATH %s is skipped', async (_, prepare, folder, as) => {
  const script = `chmod 755 .; ${prepare}
    PATH="$PWD/bin:$PWD/${folder}:/usr/bin:/bin" ${as} js-create -j 2 -- js-run echo ran`;
  expect(await makeWorld().run(script)).toEqual({ status: 0, stdout: 'ran\n', stderr: '' });
});
