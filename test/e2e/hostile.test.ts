import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { make441Dir, withPath } from '../setup/tools.js';
import { makeWorld, type World } from './world.js';

const isRoot = process.getuid?.() === 0;

/** A pid namespace of its own, as a container has; it ends with unshare. */
const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const unshared = spawnSync(CONTAINER[0] as string, [...CONTAINER.slice(1), 'true']);
const canUnshare = unshared.status === 0;
if (unshared.error !== undefined && process.env.CI === 'true') throw unshared.error;

const FUNCTIONS = `
count() { n=0; while js-acquire --no-wait >/dev/null 2>&1; do n=$((n + 1)); done; js-release; echo $n; }
# The bytes in a FIFO that descriptor 5 keeps open; they stay there.
tokens() { dd if=/proc/self/fd/5 iflag=nonblock bs=100 count=1 2>/dev/null | tee rest | wc -c; cat rest >&5; }
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env JOBSERVER_TOOLS_STATE="$PWD/own/jobserver-tools" "$@"; }
container() { exec ${CONTAINER.join(' ')} "$@"; }
record() { echo run/*/*/pool.json; }
keeper() { grep -o '"keeper": "[0-9]*' $(record) | grep -o '[0-9]*$'; }
kill_keeper() { old=$(keeper); kill -KILL $old; until has_ended $old; do sleep 0.01; done; }
# The first thread of a process can be a zombie while others still have its files open.
has_ended() { ! threads=$(ls /proc/$1/task 2>/dev/null) || { [ "$threads" = $1 ] && grep -q '^State:.[ZX]' /proc/$1/status; }; }
change() { sed "s|\\"$1\\": .*[^,]|\\"$1\\": $2|" "$(record)" >changed; cp changed "$(record)"; }
`;

/** Runs a script in a world of its own. */
const run = (script: string, options: Parameters<World['run']>[1] = {}) =>
  makeWorld().run(`${FUNCTIONS}${script}`, options);

describe('a path', () => {
  const REFUSED: [string, string, string][] = [
    ['a link to a file', 'echo ++++ >file; ln -s file f', 'f'],
    ['a link to nothing', 'ln -s nothing f', 'f'],
    ['a link to itself', 'ln -s f f', 'f'],
    ['a link to a folder', 'ln -s . f', 'f'],
    ['a socket', `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("f")'`, 'f'],
    ['/dev/null', ':', '/dev/null'],
    ['a file of root', 'echo ++++ >f; chmod 400 f', 'f'],
    ['a file with a strange name', `echo ++++ >"it's"$'\\n''$(touch no)'`, `it's\n$(touch no)`],
  ];

  it.each(REFUSED)('that is %s is refused, and nothing changes there', async (_, prepare, name) => {
    const script = `${prepare}
      look() { find . -path ./run -prune -o -printf '%p %y %s %m %T@ %l\\n' | sort; find . -maxdepth 1 -type f -exec cat {} +; }
      look >run/before
      js-run echo ran; echo $?; js-run --require echo no; echo $?; js-acquire; echo $?; js-env >run/code; echo $?; js-destroy; echo $?
      look | diff run/before -`;
    const quoted = name.replaceAll('$', '$$$$').replace(/[ \t\\]/g, '\\$&');
    const { stdout, stderr } = await run(script, { env: { MAKEFLAGS: ` -j4 --jobserver-auth=fifo:${quoted}` } });
    expect(stdout).toBe('ran\n0\n69\n69\n69\n69\n');
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => /^js-\w+(?=: (warning: )?cannot (join|open) the pool ')/.exec(line)?.[0])).toEqual([
      ...['js-run', 'js-run', 'js-acquire', 'js-env', 'js-destroy'],
    ]);
  });

  it('that is a terminal is refused, and typed input stays there', async () => {
    const program = `import os, pty, subprocess
main, other = pty.openpty()
os.write(main, b"typed\\n")
flags = " -j2 --jobserver-auth=fifo:" + os.ttyname(other)
subprocess.call(["js-run", "sh", "-c", "echo ran"], env={**os.environ, "MAKEFLAGS": flags})
print(os.read(other, 100))`;
    const { stdout, stderr } = await run(`python3 -c '${program}'`);
    expect(stdout).toBe("ran\nb'typed\\n'\n");
    expect(stderr).toMatch(/^js-run: warning: cannot join the pool '\/dev\/pts\/\d+': it is not a FIFO; [^\n]+\n$/);
  });

  // What is put there after it was followed is never opened, and what is no FIFO is opened for nothing.
  it.each([
    ['a file', 'echo ++++ >f', 0],
    ['a FIFO', 'mkfifo f; exec 5<>f; printf ++ >&5', 2],
    ['a link to a FIFO', 'mkfifo g; exec 5<>g; printf ++ >&5; ln -s g f', 2],
  ])('is followed once: %s', async (_, prepare, opened) => {
    const script = `${prepare}; strace -qq -e trace=open,openat -o trace js-run --fifo f true
      grep -c "\\"$PWD/f\\"" trace; grep "\\"$PWD/f\\"" trace | grep -c O_PATH
      sed -n "\\|\\"$PWD/f\\"|,\\$p" trace | head -4 | grep -c '/proc/self/fd/'`;
    const { stdout } = await run(script);
    expect(stdout).toBe(`1\n1\n${opened}\n`);
  });

  it('that another process keeps changing is a pool or not a pool', async () => {
    const script = `mkfifo fifo; exec 5<>fifo; printf ++ >&5; echo ++++ >file; ln -s fifo f
      while [ ! -e stop ]; do ln -s file l; mv -T l f; ln -s fifo l; mv -T l f; done & 
      for i in $(seq 20); do js-run --fifo f true 2>err; s=$?; echo $s; [ $s = 0 ] || cat err >&2; done | sort -u
      touch stop; wait; cat file; tokens`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toMatch(/^(0\n)?(69\n)?\+{4}\n2\n$/);
    expect(stderr).toMatch(/^(js-run: cannot join the pool '[^\n]*\/f': it is not a FIFO\n)*$/);
  });

  const NAMES = [
    '$HOME',
    '$$',
    "it's",
    '"q"',
    'a\\b',
    'a\\',
    'a b',
    '-x',
    '*',
    '?[a]',
    'a\nb',
    '~',
    '#',
    ';exit',
    '`id`',
    '%s',
    'é',
  ];

  it.each(NAMES.flatMap((name) => ['bash', 'dash', 'zsh'].map((shell) => [name, shell])))(
    'may be called %j (%s)',
    async (name, shell) => {
      const script = `cd inner; mkfifo "./$NAME"; exec 5<>"./$NAME"; printf ++ >&5
        js-run "--fifo=$NAME" -- js-run --require sh -c 'echo in'
        eval "$(js-env "--fifo=$NAME" --auth fifo)"; js-run --require -- echo "with $?"; js-acquire -n 2 >/dev/null; js-release
        cd ..; js-run --require sh -c 'echo elsewhere'; tokens; ls -A inner | wc -l`;
      const { stdout, stderr } = await run(`mkdir inner; ${script}`, { shell, env: { NAME: name } });
      expect({ stdout, stderr }).toEqual({
        stdout: `in\nwith 0\nelsewhere\n2\n${name.includes('\n') ? 2 : 1}\n`,
        stderr: '',
      });
    },
  );
});

describe.runIf(isRoot)('another user (as root)', () => {
  const OTHER = 'chmod 755 .; install -d -m 700 -o 65534 own; install -d -o 65534 theirs';

  it('has a pool that root uses with the state of that user, who owns what root makes there', async () => {
    const script = `${OTHER}
      nobody js-create -j 3 --auth fifo --owner none --mode 0666 --fifo theirs/f >code; . ./code
      js-run --require sh -c 'stat -c %U own/*/*/claims/*; find run -name claims'; js-acquire -n 2 >/dev/null; js-acquire --no-wait -n 2 2>/dev/null; echo $?
      find own theirs ! -user nobody; js-release; count; js-destroy; echo $?; ls -A theirs own/* | grep -v versions`;
    expect(await run(script)).toEqual({
      stdout: 'nobody\n75\n3\n0\nown/jobserver-tools:\n\ntheirs:\n',
      stderr: '',
      status: 0,
    });
  });

  it('gets a new keeper of their own, not of root', async () => {
    const script = `${OTHER}
      nobody js-create -j 3 --auth fifo --owner none --fifo theirs/f >code; . ./code
      old=$(grep -o '"keeper": "[0-9]*' own/*/*/pool.json | grep -o '[0-9]*$'); kill -KILL $old; while [ -e /proc/$old/exe ]; do sleep 0.01; done
      js-run echo ran 2>/dev/null; stat -c %U /proc/$(grep -o '"keeper": "[0-9]*' own/*/*/pool.json | grep -o '[0-9]*$')
      find own theirs ! -user nobody; js-destroy; echo $?`;
    expect(await run(script)).toEqual({ stdout: 'ran\nnobody\n0\n', stderr: '', status: 0 });
  });

  it.each([
    ['the claims', 'claims'],
    ['the locks', 'locks'],
  ])('who replaces %s by a link does not lead root to folders of others', async (_, name) => {
    const script = `${OTHER}; install -d -m 755 roots
      nobody js-create -j 3 --auth fifo --owner none --mode 0666 --fifo theirs/f >code; . ./code
      nobody sh -c 'rm -r own/*/*/${name}; ln -s $PWD/roots own/*/*/${name}'
      js-run --require sh -c 'js-run true' >/dev/null 2>&1; ls -A roots; nobody js-destroy --fifo theirs/f; ls -A roots`;
    expect((await run(script)).stdout).toBe('');
  });

  it('uses a pool of ours that all may use, with state of their own', async () => {
    const script = `${OTHER}; eval "$(js-create -j 3 --auth fifo --mode 0666 --fifo f)"
      nobody sh -c 'js-run --require sh -c "ls own/*/*/claims | wc -l"; js-acquire -n 2 >/dev/null && js-release; js-destroy'
      count; find run own -name claims | wc -l; js-destroy`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('1\n3\n1\n');
    expect(stderr).toMatch(/^js-destroy: cannot end the pool '[^']*': it was not made by js-create[^\n]*\n$/);
  });

  it.each([
    ['that they may not open', '0600'],
    ['that they may not write', '0644'],
  ])('gets a warning about a pool of ours %s, and runs the command', async (_, mode) => {
    const script = `${OTHER}; chmod 700 run; js-create -j 3 --auth fifo --mode ${mode} --fifo f -- \
      setpriv --reuid=65534 --regid=65534 --clear-groups env JOBSERVER_TOOLS_STATE="$PWD/own/jobserver-tools" js-run echo ran; ls -A own`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('ran\n');
    expect(stderr).toMatch(/^js-run: warning: cannot open the pool '[^']*': Permission denied; [^\n]*\n$/);
  });

  it('who puts a FIFO at the path of a new pool keeps it, and js-create fails', async () => {
    const script = `${OTHER}; chmod 1777 theirs; nobody mkfifo -m 666 theirs/f; exec 5<>theirs/f
      js-create -j 4 --fifo theirs/f -- echo no; echo $?; tokens; ls theirs; ls -A run/*`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('1\n0\nf\n');
    expect(stderr).toMatch(/^js-create: cannot create the FIFO '[^']*': File exists\n$/);
  });
});

describe('JOBSERVER_TOOLS_', () => {
  const POOL = 'mkfifo f g; exec 5<>f 6<>g; printf ++ >&5; printf "###" >&6';

  it.each([
    ['STATE that is relative', 'JOBSERVER_TOOLS_STATE=state', 'run'],
    ['STATE that is a link', 'JOBSERVER_TOOLS_STATE=$PWD/l', 'refused: it is a symbolic link'],
    ['STATE that the group may change', 'JOBSERVER_TOOLS_STATE=$PWD/group', 'refused: other users can access it'],
    ['STATE that is a file', 'JOBSERVER_TOOLS_STATE=$PWD/file', 'refused: it is not a folder'],
    ['STATE that is nothing', 'JOBSERVER_TOOLS_STATE=', 'run'],
    ...(isRoot ? [['STATE of another user', 'JOBSERVER_TOOLS_STATE=$PWD/theirs', 'run']] : []),
    ['CLAIM that is a path', 'JOBSERVER_TOOLS_CLAIM=../../../file', 'run'],
    ['CLAIM of another', 'JOBSERVER_TOOLS_CLAIM=1.1', 'run'],
    ['FIFO without a pair', 'JOBSERVER_TOOLS_FIFO=$PWD/g', 'run'],
    ['FIFO of another pool', 'JOBSERVER_TOOLS_FIFO=3,4=$PWD/g', 'run'],
    ['FIFO of a file', 'JOBSERVER_TOOLS_FIFO=fifo:f=$PWD/file', 'run'],
  ])('%s is harmless or refused', async (_, variable, outcome) => {
    const script = `${POOL}; mkdir real; chmod 700 real; ln -s real l; install -d -m 770 group; echo file >file
      [ $(id -u) != 0 ] || install -d -o 65534 -m 700 theirs
      export ${variable}; js-run --fifo f sh -c 'ls -d run/*/*/claims/$JOBSERVER_TOOLS_CLAIM /tmp/jobserver-tools-*/*/claims/$JOBSERVER_TOOLS_CLAIM 2>/dev/null | wc -l'; echo $?
      find real group theirs -mindepth 1 2>/dev/null; cat file; tokens; dd bs=9 count=1 <&6 2>/dev/null`;
    const { stdout, stderr } = await run(script);
    const isRefused = outcome.startsWith('refused');
    expect(stdout).toBe(`${isRefused ? '125' : '1\n0'}\nfile\n2\n###`);
    expect(stderr).toMatch(isRefused ? /^js-run: refusing to use the state folder [^\n]*\n$/ : /^$/);
    if (isRefused) expect(stderr).toContain(outcome.slice(9));
  });

  it.each(['$PWD/g', '$PWD/file', '$PWD/nothing', '/dev/null', '/', '../g'])(
    'FIFO next to a closed pair is trusted like MAKEFLAGS: %s',
    async (path) => {
      const script = `${POOL}; echo ++++ >file; export MAKEFLAGS=" -j4 --jobserver-auth=73,74" JOBSERVER_TOOLS_FIFO="73,74=${path}"
        js-run echo ran; echo $?; cat file; tokens; dd bs=9 count=1 <&6 2>/dev/null`;
      const { stdout, stderr } = await run(script);
      expect(stdout).toBe('ran\n0\n++++\n2\n###');
      expect(stderr).toMatch(path === '$PWD/g' ? /^$/ : /^js-run: warning: cannot join the pool [^\n]*\n$/);
    },
  );
});

describe('the folder of claims', () => {
  it.each([
    [
      'strange names',
      `(cd $C; touch -- ' ' '..x' '$(touch no)' '*' '-rf' '1.1.1' 1. .1 1.1- '1.1~' $'1.1\\n'; mkdir 'a b')`,
    ],
    ['10,000 strange names', '(cd $C; seq -f x%g 10000 | xargs touch)'],
    ['a folder', 'mkdir $C/1.1 $C/1.1-2.2; touch $C/1.1/x'],
    ['a FIFO', 'mkfifo $C/1.1'],
    ['a link out of it', 'ln -s $PWD/innocent $C/1.1; ln -s / $C/2.2; ln -s $PWD/none $C/3.3'],
    ['a huge file', 'truncate -s 3G $C/1.1'],
    ['NUL bytes', 'head -c 5000 /dev/zero >$C/1.1; touch -d "1 hour ago" $C/1.1'],
    [
      'words that are none',
      'printf "token\\ntoken zz\\n\\n\\377\\n  in\\nowner ../..\\njob x\\n" >$C/1.1; touch -d "1 hour ago" $C/1.1',
    ],
    ['a claim of the future', 'printf "boot 00000000\\nin pid:[1]\\ntoken 2b\\n" >$C/1.1; touch -d "1 year" $C/1.1'],
  ])('with %s: no slot too many, no file lost', async (_, prepare) => {
    const script = `echo token 2b >innocent; eval "$(js-create -j 3 --auth fifo --fifo f)"; C=$(echo run/*/*/claims); ${prepare}
      js-run echo ran; h=$(js-acquire -n 3 --timeout 30s); js-acquire --timeout 1.5; js-release "$h"; count
      js-destroy --stale; js-destroy; cat innocent; ls -A`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('ran\n3\ntoken 2b\nbin\ninnocent\nrun\n');
    expect(stderr).toMatch(/^js-acquire: no slot free [^\n]* within 1.5 s\n$/);
  });
});

it.each([
  ...[
    '../../x',
    '1.1~2.2',
    '../1.1-2.2',
    '1.1-2.2/../../x',
    '',
    ' ',
    '/',
    '.',
    '-',
    '1.1-2.2\n',
    '*',
    '$h',
    '1.1-2.2~3.3',
  ],
  ...['1'.repeat(5000), `${'1'.repeat(3000)}.1-2.2`],
])('js-release %j is no handle', async (handle) => {
  const script = `eval "$(js-create -j 3 --auth fifo --fifo f)"; h=$(js-acquire -n 2); export JOBSERVER_TOOLS_TEST=x
    js-release -- "$HANDLE" >&2; echo $?; js-acquire -n 2 --no-wait 2>/dev/null; echo $?; js-release "$h"; count; ls`;
  const { stdout, stderr } = await run(script, { env: { HANDLE: handle } });
  expect(stdout).toBe('1\n75\n3\nbin\nf\nf.jobserver\nrun\n');
  expect(stderr).toMatch(/^js-release: [^\n]+\n$/);
});

it('js-release of the claim of a js-run changes nothing', async () => {
  const script = `eval "$(js-create -j 1 --auth fifo --fifo f)"
    js-run sh -c 'touch up; until [ -e go ]; do sleep 0.02; done' & until [ -e up ]; do sleep 0.02; done
    c=$(ls run/*/*/claims); js-release "$c" "$c~$c"; echo $?; js-acquire --no-wait; echo $?; touch go; wait; count`;
  expect((await run(script)).stdout).toBe('1\n75\n1\n');
});

describe('a pool.json that a crash has left', () => {
  it.each([
    ['empty', ': >$R'],
    ['half there', 'head -c 50 good >$R'],
    ['zeroes', 'head -c 300 /dev/zero >$R'],
    ['null', 'echo null >$R'],
    ['a list', 'echo [] >$R'],
    ['an error of the disk', 'rm $R; mkdir $R'],
    ...(
      [
        ['owner', '"x"'],
        ['tokens', '-5'],
        ['tokens', '1e9'],
        ['tokens', '"3"'],
        ['jobs', '1.5'],
        ['jobs', 'null'],
        ['keeper', '"1"'],
        ['keeper', '1'],
        ['keeper', '"-1.5"'],
        ['place', '-1'],
        ['path', '"../f"'],
        ['boot', 'null'],
      ] as const
    ).map(([field, value]): [string, string] => [`${field}: ${value}`, `change ${field} '${value}'`]),
  ])('causes one line for its own pool, and nothing for others: %s', async (_, damage) => {
    const script = `eval "$(js-create -j 3 --auth fifo --fifo f)"; R=$(record); cp $R good; ${damage}
      for command in "js-run echo no" js-acquire js-env js-release js-destroy "js-destroy --stale"; do
        $command >out; echo $?
      done 2>err
      js-create -j 2 --fifo g -- js-run --require echo other
      rm -r $R; cp good $R; count; js-destroy; cat err >&2`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('125\n1\n1\n1\n1\n1\nother\n3\n');
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/: cannot read the state of the pool '[^']+': .+/, ''))).toEqual([
      ...['js-run', 'js-acquire', 'js-env', 'js-release', 'js-destroy', 'js-destroy'],
    ]);
  });

  it('is removed once no process has the pool open', async () => {
    const script = `eval "$(js-create -j 3 --auth fifo)"; old=$(keeper); echo '{' >$(record); js-destroy --stale; echo $?
      kill -KILL $old
      while [ -e /proc/$old/exe ]; do sleep 0.01; done
      touch -d '1 hour ago' run/*/*-*-*/; js-destroy --stale; echo $?; ls -A run/* | grep -v versions`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toMatch(/^1\nremoved the state in [^\n]+\nremoved the FIFO [^\n]+\n0\n$/);
    expect(stderr).toMatch(/^js-destroy: cannot read the state of the pool [^\n]+\n$/);
  });

  it('may name a keeper whose pid belongs to another process now, which is not killed', async () => {
    const script = `eval "$(js-create -j 3 --auth fifo --fifo f)"; kill_keeper; sleep 1000 & innocent=$!
      change keeper "\\"$innocent.1\\""; js-destroy; echo $?; kill -0 $innocent && echo lives; ls; kill $innocent`;
    expect(await run(script)).toMatchObject({ stdout: '0\nlives\nbin\nchanged\nrun\n', stderr: '' });
  });

  it.each(['', 'garbage', '0.0', '1.1x', '../..'])('next to a keeper-2 that contains %j', async (text) => {
    const script = `eval "$(js-create -j 3 --auth fifo --fifo f)"; kill_keeper; printf %s "$TEXT" >$(dirname $(record))/keeper-2
      js-run echo ran; count`;
    expect(await run(script, { env: { TEXT: text } })).toMatchObject({ stdout: 'ran\n3\n', stderr: '' });
  });
});

describe('js-destroy --stale', () => {
  const STALE = `sleep 1000 & owner=$!; eval "$(js-create -j 3 --auth fifo --fifo f --owner $owner)"
    kill_keeper; kill $owner; wait $owner 2>/dev/null; echo ++++ >innocent; mkfifo other; ln -s f link`;

  it.each([
    ['a file', 'innocent'],
    ['another FIFO', 'other'],
    ['a link to its FIFO', 'link'],
    ['a folder', 'bin'],
    ['nothing', 'none'],
  ])('removes the state of a pool whose FIFO is recorded as %s, but not that', async (_, path) => {
    const script = `${STALE}; change path "\\"$PWD/${path}\\""; js-destroy --stale | sed "s,$PWD/,,"; echo $?; ls; cat innocent; ls -A run/*`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toMatch(
      /^removed the pool '\w+': [^\n]+\n0\nbin\nchanged\nf\nf.jobserver\ninnocent\nlink\nother\nrun\n\+{4}\n(versions\n)?$/,
    );
    expect(stderr).toBe('');
  });

  it('leaves alone what our commands did not make', async () => {
    const script = `js-create -j 1 -- true; cd run/jobserver-tools; mkdir ../../out ../../out/claims; echo ++++ >../../out/file
      mkdir -- 'a b' .hidden ' ' '-rf' 1-2; touch '1-2-3' '$(touch no)' '1-2.fifo' '1-x_0.fifo' .fifo; ln -s ../../out 1-2-4; ln -s / 1-2-5
      touch 4194999-a_0.fifo; ln -s ../../out/file 4194998-a_0.fifo; touch -hd '1 hour ago' -- * 1-2-?
      ls -A >../../before; js-destroy --stale; echo $?; js-create -j 1 -- echo made; ls -A | diff ../../before - && cat ../../out/file
      find . -mindepth 1 -maxdepth 1 ! -name versions -exec rm -r -- {} +`;
    const { stdout, stderr } = await run(script);
    expect({ stdout, stderr }).toEqual({ stdout: '0\nmade\n++++\n', stderr: '' });
  });
});

describe('after a reboot', () => {
  const REBOOTED =
    'eval "$(js-create -j 3 --auth fifo --fifo f)"; js-acquire >/dev/null; kill_keeper; change boot \'"00000000"\'';

  it.each([
    ['js-run', 'js-run echo ran', 'ran\n0\n'],
    ['js-run --require', 'js-run --require true', '69\n'],
    ['js-acquire', 'js-acquire', '69\n'],
  ])('a pool is gone, and %s says what to do', async (_, command, output) => {
    const { stdout, stderr } = await run(`${REBOOTED}; ${command}; echo $?; js-destroy`);
    expect(stdout).toBe(output);
    expect(stderr).toMatch(
      /^js-\w+: (warning: )?the pool '[^']+' is gone: [^\n]*; make a new one with js-create[^\n]*\n$/,
    );
  });

  it.each([
    ['js-create', 'js-create -j 2 --fifo f -- js-run --require echo made', 'made\n'],
    ['js-destroy', 'js-destroy', ''],
    ['js-destroy --stale', 'js-destroy --stale | grep -c removed', '1\n'],
  ])('%s removes what is left', async (_, command, output) => {
    const { stdout, stderr } = await run(`${REBOOTED}; ${command}; ls f; ls -A run/* | grep -v versions`);
    expect(stdout).toBe(output);
    expect(stderr).toMatch(/^ls: [^\n]*'f'[^\n]*\n$/);
  });

  it('a process with the pid and start time of its keeper is not touched', async () => {
    const script = `eval "$(js-create -j 3 --auth fifo --fifo f)"; old=$(keeper); change boot '"00000000"'
      js-destroy; echo $?; kill -0 $old && echo lives; kill $old`;
    expect(await run(script)).toMatchObject({ stdout: '0\nlives\n', stderr: '' });
  });

  it('the tokens of old claims do not go into the same FIFO of a new server', async () => {
    const script = `mkfifo f; exec 5<>f; printf ++++ >&5; h=$(js-acquire --fifo f -n 2); sed -i 's/^boot .*/boot 00000000/' run/*/*/claims/*
      js-acquire --fifo f -n 3 --timeout 1.5s; tokens; ls run/*/*/claims | wc -l; js-run --fifo f echo ran; tokens`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('2\n0\nran\n2\n');
    expect(stderr).toMatch(/only 2 of 3 slots free/);
  });
});

it('a new FIFO is another pool, even with the same inode and the state of the old one', async () => {
  // The file system gives the inode that was freed last; a folder with another time of birth stands for one that does not.
  const script = `mkfifo f; exec 5<>f; printf ++ >&5; js-run --fifo f sh -c 'touch up; exec sleep 1000' & job=$!
    until [ -e up ]; do sleep 0.02; done; exec 5>&-; kill -KILL $job $(pgrep -P $job); wait $job 2>/dev/null
    rm f; mkfifo f; exec 5<>f; printf ++ >&5; folder=$(echo run/*/*-*-*)
    cp -r $folder $(stat -c run/jobserver-tools/%d-%i-1 f); touch -d '1 hour ago' run/*/*/claims/*
    js-acquire --fifo f -n 3 --timeout 1.5s; tokens; touch -d '1 hour ago' run/*/*-*-*; js-destroy --stale | wc -l; tokens`;
  const { stdout, stderr } = await run(script);
  expect(stdout).toBe('2\n2\n2\n');
  expect(stderr).toMatch(/^js-acquire: only 2 of 3 slots free [^\n]+\n$/);
});

it('js-create ignores old claims under the name of its new FIFO', async () => {
  // If the file system has no birth time, the folder of an older pool can have the same name. A mkfifo that makes it stands for that.
  const world = makeWorld();
  world.file(
    'bin/mkfifo',
    `#!/bin/sh
    PATH=\${PATH#*:} mkfifo "$@" || exit
    for path; do :; done
    key=$(node -p 'const s = fs.statSync(process.argv[1], { bigint: true }); [s.dev, s.ino, s.birthtimeNs.toString(36)].join("-")' "$path")
    mkdir -p run/jobserver-tools/$key/claims run/jobserver-tools/$key/locks; cd run/jobserver-tools/$key
    printf 'boot %.8s\\nin %s\\ntoken 2b\\ntoken 2b\\n' "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)" >claims/1.1
    touch -d '1 hour ago' claims/1.1; ln claims/1.1 locks/several\n`,
  );
  const { stdout, stderr } = await world.run(`${FUNCTIONS}eval "$(js-create -j 2 --auth fifo --fifo f)"
    js-acquire -n 2 --no-wait >/dev/null; js-acquire --timeout 2.5s; js-release; count; ls run/*/*-*-*/`);
  expect(stdout).toMatch(/^2\nclaims\nkeeper-1\nkeeper.log\nlocks\npool.json\nsession-\d+\.\d+\n$/);
  expect(stderr).toMatch(/^js-acquire: no slot free [^\n]+\n$/);
});

describe.skipIf(!canUnshare)('a container that shares FIFO and state (needs unshare(1) to be permitted)', () => {
  const WAIT = 'until [ -e up ]; do sleep 0.02; done';

  it('takes slots, and neither side sweeps the claims of the other', async () => {
    const script = `eval "$(js-create -j 4 --auth fifo --fifo f)"; h=$(js-acquire -n 2)
      container sh -c 'js-acquire >/dev/null; js-acquire -n 2 --timeout 2.5s; touch up; until [ -e go ]; do sleep 0.02; done' & ${WAIT}
      js-acquire -n 2 --timeout 2.5s; touch go; wait; js-release "$h"
      h=$(js-acquire -n 4 --timeout 20s); js-acquire --no-wait; js-release "$h"; count`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('4\n');
    expect(stderr.replaceAll(/'[^']+'/g, 'F')).toBe(
      [
        'only 1 of 2 slots free in the pool F within 2.5 s',
        'only 1 of 2 slots free in the pool F within 2.5 s',
        'no slot free in the pool F',
      ]
        .map((line) => `js-acquire: ${line}\n`)
        .join(''),
    );
  });

  it('that is killed gives its slots back', async () => {
    const script = `eval "$(js-create -j 4 --auth fifo --fifo f)"
      container js-run -n 3 sh -c 'touch up; exec sleep 1000' & ${WAIT}; kill -KILL $!; wait $! 2>/dev/null
      h=$(js-acquire -n 4 --timeout 20s) && js-acquire --no-wait; js-release "$h"; count
      touch -d '1 hour ago' run/*/*-*; js-destroy --stale | grep -c removed`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('4\n1\n');
    expect(stderr).toMatch(/^js-acquire: no slot free [^\n]+\n$/);
  });

  it('has a keeper that is neither mistaken for dead, nor ended, nor replaced from outside', async () => {
    const script = `container js-create -j 3 --auth fifo --fifo f -- sh -c 'touch up; until [ -e go ]; do sleep 0.02; done; js-run --require echo inside' & ${WAIT}
      js-run --fifo f echo outside; js-acquire --fifo f -n 2 --no-wait >/dev/null && js-release --fifo f; js-destroy --fifo f; echo $?
      touch -d '1 hour ago' run/*/*-*-*; js-destroy --stale; ls f run/*/*/pool.json | wc -l; touch go; wait; ls f 2>&1 | wc -l`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('outside\n1\n2\ninside\n1\n');
    expect(stderr).toMatch(
      /^js-destroy: cannot end the pool '[^']+': its keeper is in another pid namespace [^\n]+\n$/,
    );
  });

  it.each([
    ['js-destroy --fifo f', ''],
    ["touch -d '1 hour ago' run/*/*-*-*; js-destroy --stale | grep -c removed", '1\n'],
  ])('whose keeper was killed with it is gone, and %s removes what is left', async (command, output) => {
    const script = `container js-create -j 3 --auth fifo --fifo f -- sh -c 'touch up; exec sleep 1000' & ${WAIT}
      init=$(cat /proc/$!/task/$!/children); kill -KILL $!; wait $! 2>/dev/null
      until has_ended $init; do sleep 0.01; done
      js-run --fifo f true; echo $?; ${command}; ls -A run/* | grep -v versions; ls`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe(`69\n${output}bin\nrun\nup\n`);
    expect(stderr).toMatch(/^js-run: the pool '[^']+' is gone: [^\n]+\n$/);
  });

  it('is seen by the keeper outside, by whatever path a make there has opened the FIFO', async () => {
    const script = `eval "$(js-create -j 4 --auth fifo --fifo f)"; ln f another
      container sh -c 'exec 5<>another; head -c 2 <&5 >took; touch up; until [ -e go ]; do sleep 0.02; done; cat took >&5' & ${WAIT}
      count; sleep 7; count; cat run/*/*/keeper.log; touch go; wait; count; rm another`;
    expect((await run(script)).stdout).toBe('2\n2\n4\n');
  });

  it('has a FIFO that is being made, which is not removed', async () => {
    const script = `js-create -j 1 -- true; state=run/jobserver-tools; mkfifo $state/4194999-a_zzzz.fifo; js-destroy --stale; ls $state
      touch -d '1 hour ago' $state/*.fifo; js-destroy --stale | grep -c removed; ls $state`;
    expect((await run(script)).stdout.replaceAll('versions\n', '')).toBe('4194999-a_zzzz.fifo\n1\n');
  });
});

describe.each([
  ['make', undefined],
  ['make 4.4.1', make441Dir],
])('what %s was told on its command line', (_, folder) => {
  const VALUES = [
    "it's $$HOME",
    'a b  c',
    '"',
    '\\',
    'a\\',
    'a\nb\n',
    '--jobserver-auth=9,9',
    '-- Y=1',
    '`id`$$(id)',
    '!!',
    'é\t*',
  ];

  it.each(VALUES.flatMap((value) => ['sh', 'bash', 'zsh'].map((shell) => [value, shell])))(
    'goes through eval "$(js-env)" as it is: X=%j (%s)',
    async (value, shell) => {
      const world = makeWorld();
      world.file(
        'Makefile',
        `SHELL = ${shell}\nall:\n\t+@$(SCRIPT)\nshow: ; @printenv X; printenv MAKEFLAGS | sed -n '/ -- /,$$p' | sed '1s/.* -- / -- /; s/ --jobserver-auth=fifo:[^ ]*//'\n`,
      );
      const script = `export SCRIPT='$(MAKE) -s show >one; printf %s "$$MAKEFLAGS" >before
        eval "$$(js-env)"; printf %s "$$MAKEFLAGS" >after; $(MAKE) -s show >two; js-run --require make -s show >three'
        make -s -j3 --no-print-directory "X=$VALUE" && cat one && cmp one two && cmp one three
        for flags in before after; do
          sed 's/ --jobserver-auth=fifo:[^ ]*$//; s/ -j3//; s/^s* /s /; s/ --jobserver-auth=[^ ]*//' $flags >$flags.rest
        done; cmp before.rest after.rest`;
      const told = { ...world.env, VALUE: value };
      const env = (folder === undefined ? told : withPath(folder, told)) as Record<string, string>;
      const { stdout, stderr } = await world.run(script, { env });
      expect(stderr).toBe('');
      expect(stdout.startsWith(`${value.replaceAll('$$', '$')}\n`)).toBe(true);
    },
  );
});

describe('bytes that are not UTF-8', () => {
  const FLAGS = `MAKEFLAGS=$'k -j2 --jobserver-auth=fifo:f -- X=\\xe9'`;

  it.each(['js-env', 'js-env --strip', 'js-create -j 2'])('in MAKEFLAGS are not changed by %s', async (command) => {
    const script = `mkfifo f; exec 5<>f; printf + >&5; export ${FLAGS}; ${command}; echo $?; ls -A run/* 2>/dev/null | grep -v versions`;
    const { stdout, stderr } = await run(script);
    expect(stdout).toBe('(exit 1)\n1\n');
    expect(stderr).toMatch(/^js-\w+: cannot print the variable MAKEFLAGS: its value is not valid UTF-8\n$/);
  });

  it.each(['js-run', 'js-create -j 2 --'])('in the environment of a command cause a warning of %s', async (command) => {
    const { stdout, stderr } = await run(`export ODD=$'\\xe9' GOOD=$'\\xef\\xbf\\xbd'; ${command} printenv GOOD`);
    expect(stdout).toBe('\ufffd\n');
    expect(stderr).toMatch(/^js-\w+: warning: not valid UTF-8, so passed on with changed bytes: ODD\n$/);
  });

  it.each(['js-run', 'js-create -j 2 --'])('in a name cause a warning of %s', async (command) => {
    const odd =
      "import os, sys; os.execvpe(sys.argv[1], sys.argv[1:], {**os.environb, b'ODD\\xe9': b'x', b'OK': b'y'})";
    const { stdout, stderr } = await run(`python3 -c "${odd}" ${command} sh -c 'env | grep -a -e ^ODD -e ^OK='`);
    expect(stdout).toBe('OK=y\n');
    expect(stderr).toMatch(/^js-\w+: warning: not valid UTF-8, so not passed on: ODD\ufffd\n$/);
  });
});

it.each(['js-run', 'js-create -j 2 --', 'js-run --auth fifo js-run'])(
  'variables with numbers for names reach the command of %s',
  async (command) => {
    const { stdout, stderr } = await run(`env 1=one '23=a b' 007=x 4294967294=max= ${command} env | grep '^[0-9]'`);
    expect({ lines: stdout.trim().split('\n').sort(), stderr }).toEqual({
      lines: ['007=x', '1=one', '23=a b', '4294967294=max='],
      stderr: '',
    });
  },
);

// Bun ends there before any code of ours runs (CAVEATS in jobserver-tools(7)).
describe.skipIf(process.env.TEST_COMMANDS)('a folder that was removed', () => {
  const GONE = 'mkdir gone; cd gone; rmdir ../gone';

  it.each(['js-run', 'js-create -j 2 --', 'js-create -j 2 -- js-run -n 2'])(
    'can still be the current one: %s',
    async (command) => {
      expect(await run(`${GONE}; ${command} echo ran`)).toEqual({ status: 0, stdout: 'ran\n', stderr: '' });
    },
  );

  it.each([
    ['js-run --fifo f true', 125],
    ['js-create -j 2 --fifo f -- true', 1],
  ])('is reported: %s', async (command, status) => {
    const stderr = `${command.split(' ', 1)}: cannot use the current folder: No such file or directory\n`;
    expect(await run(`${GONE}; ${command}`)).toEqual({ status, stdout: '', stderr });
  });
});

it('a limit on the size of files is reported', async () => {
  const { stdout, stderr } = await run('ulimit -f 0; js-create -j 2 -- true; echo $?; ls run/*');
  expect(stdout).toBe('1\n');
  expect(stderr).toMatch(/^js-create: cannot write '.*': File too large\n$/);
});
