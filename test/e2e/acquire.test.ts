import { describe, expect, it } from 'vitest';
import { type Ended, makeWorld } from './world.js';

/** Shell functions for a session in a pool at `f`. */
const FUNCTIONS = `
# The tokens in the FIFO, which are put back.
tokens() {
  dd if=f iflag=nonblock bs=4096 count=1 2>/dev/null >taken
  cat taken >f
  wc -c <taken
}
until_true() {
  until eval "$1"; do sleep 0.02; done
}
claims() {
  ls run/*/*/claims
}
# Whether a command, by its pid, waits for a lock and sleeps.
is_waiting() {
  ls run/*/*/locks | grep -q "^waits-.*+$1[.]" && grep -q "^State:.S" /proc/$1/status
}
# Ends when that many claims are there whose holder is named once: of those who still wait.
waiting() {
  until_true '[ "$(claims | grep -vc -)" = '"$1"' ]'
}
`;

/** Runs a script as the session of a pool for `jobs` jobs: itself, it has one slot, so there are jobs-1 tokens. */
function session(script: string, { jobs = 4, shell = 'bash' } = {}): Promise<Ended> {
  const world = makeWorld();
  world.file('script', FUNCTIONS + script);
  return world.run(`js-create -j ${jobs} --fifo f -- ${shell} script`);
}

const HANDLE = /^\d+\.\d+-\d+\.\d+$/;

describe('js-acquire and js-release', () => {
  it.each(['dash', 'bash', 'zsh'])('take and return slots by handle in %s', async (shell) => {
    const { stdout, stderr } = await session(
      `a=$(js-acquire); b=$(js-acquire); c=$(js-acquire -n 2); tokens
      js-release "$b"; tokens; js-release "$a" "$c"; tokens; claims; printf '%s\\n' "$a" "$b" "$c"`,
      { shell },
    );
    const [one, two, three, ...handles] = stdout.trim().split('\n');
    expect({ counts: [one, two, three], stderr }).toEqual({ counts: ['0', '1', '3'], stderr: '' });
    for (const handle of handles) expect(handle).toMatch(HANDLE);
    expect(new Set(handles).size).toBe(3);
  });

  it.each([
    ['dash', 'h=$(js-acquire)', '$$'],
    ['bash', 'h=$(js-acquire)', '$$'],
    ['zsh', 'h=$(js-acquire)', '$$'],
    ['dash', 'h=$(js-acquire | tail -1)', '$$'],
    ['bash', 'take() { echo "$(js-acquire)"; }; h=$(take)', '$$'],
    ['zsh', 'take() { echo "$(js-acquire)"; }; h=$(take)', '$$'],
    ['dash', 'take() { js-acquire; }; h=$(take | cat)', '$$'],
    ['bash', 'take() { js-acquire; }; h=$(take | cat)', '$$'],
    ['zsh', 'take() { js-acquire; }; h=$(take | cat)', '$$'],
    ['bash', 'h=$( ( js-acquire ) )', '$$'],
    ['bash', 'h=`{ :; js-acquire; } 2>&1`', '$$'],
    ['bash', 'read -r h < <(js-acquire)', '$$'],
    ['dash', 'js-acquire >h; read -r h <h', '$$'],
    ['bash', 'js-acquire | cat >h; read -r h <h', '$$'],
    ['bash', 'h=$(sh -c "js-acquire --owner $$")', '$$'],
    ['bash', 'js-acquire --owner $PPID >h; read -r h <h', '$PPID'],
  ])('holds them for the shell that goes on: %s, %s', async (shell, script, holder) => {
    expect((await session(`${script}; echo "\${h%%.*} ${holder}"`, { shell })).stdout).toMatch(/^(\d+) \1\n$/);
  });

  it.each(['js-acquire -n 3 --timeout 20', 'js-run -n 3 --timeout 20 true'])(
    '%s takes tokens that come one by one, without other commands',
    async (command) => {
      const { stdout, stderr } = await session(
        `for i in 1 2 3 4; do h[i]=$(js-acquire); done
        ${command} >out & waiter=$!
        # It asks for the signal in the same turn in which the wait for tokens begins.
        until_true 'is_waiting $waiter'
        for i in 2 3; do
          js-release \${h[i]}
          until_true '[ $(cat run/*/*/claims/$waiter.* | grep -c token) = $((i - 1)) ] || ! [ -e /proc/$waiter/exe ]'
        done
        js-release \${h[4]}; wait $waiter && echo all`,
        { shell: 'bash' },
      );
      expect({ stdout, stderr }).toEqual({ stdout: 'all\n', stderr: '' });
    },
  );

  it('take no slot for the process that adopts them if their shell has already died', async () => {
    const { stdout } = await session(
      `bash -c '( while [ -e /proc/$$/exe ]; do sleep 0.01; done; exec js-acquire 2>err ) & :'
      until_true '[ -s err ]'; cat err; js-acquire --no-wait -n 4 >/dev/null && echo all`,
    );
    expect(stdout).toBe('js-acquire: the calling shell has ended; name a holder with --owner PID\nall\n');
  });

  it('holds the slots of a subshell that goes on for that subshell', async () => {
    const { stdout } = await session(
      `( js-acquire >h; until [ -e go ]; do sleep 0.02; done ) & sub=$!
      until_true '[ -s h ]'; js-acquire >/dev/null; js-release; claims | cut -d. -f1 | sed "s/$sub/sub/"
      touch go; wait; js-acquire --timeout 5 -n 4 >/dev/null && echo all`,
    );
    expect(stdout).toBe('sub\nall\n');
  });

  it.each([
    ['an unknown one', '1.2-3.4'],
    ['one that was returned', '$(cat h)'],
    ['no handle', 'nonsense'],
    ['the empty string', '""'],
    ['a path', '../locks/x'],
    ['a path to a claim', '../claims/$(js-acquire)'],
    ['a claim of js-run', '$(claims | grep -v -)'],
    ['the name of a claim that is being returned', '$(js-acquire)~1.2'],
    ['an option-like word', '-- -x'],
  ])('refuses a handle that is %s: %s', async (_, handle) => {
    const { stdout, stderr } = await session(
      `js-run sh -c 'touch up; until [ -e go ]; do sleep 0.02; done' & until_true '[ -e up ]'
      js-acquire >h; js-release "$(cat h)"; tokens; js-release ${handle}; echo $?; touch go; wait; js-release; tokens`,
    );
    expect(stdout).toBe('3\n1\n3\n');
    expect(stderr).toMatch(/^js-release: no slot is held under the handle '[^\n]*\n$/);
  });

  it('returns the valid ones among invalid handles', async () => {
    const { stdout } = await session(
      'h=$(js-acquire -n 3); js-release nonsense "$h" "$h" 2>err; echo $?; wc -l <err; tokens',
    );
    expect(stdout).toBe('1\n2\n3\n');
  });

  it.each([
    ['js-acquire -n 4', 0, /^$/],
    [
      'js-acquire -n 5',
      2,
      /^js-acquire: cannot take 5 slots: the pool '.*\/f' has only 4 \(see js-acquire --help\)\n$/,
    ],
    ['js-acquire --no-wait -n 4; js-acquire --no-wait', 75, /^js-acquire: no slot free in the pool '.*\/f'\n$/],
    ['js-acquire; js-acquire --no-wait -n 4', 75, /^js-acquire: only 3 of 4 slots free in the pool '.*\/f'\n$/],
    ['js-acquire -n 4; js-acquire --timeout 200ms', 75, /^js-acquire: no slot free .* within 0.2 s\n$/],
    ['js-acquire -n 2; js-acquire --timeout 0.2 -n 3', 75, /^js-acquire: only 2 of 3 slots free .* within 0.2 s\n$/],
    ['js-acquire --owner 4194999', 2, /^js-acquire: --owner: '4194999' is not the pid of a running process/],
    ['js-acquire operand', 2, /^js-acquire: unexpected argument 'operand'/],
    ['js-acquire >&-', 1, /^js-acquire: cannot write 'standard output': Bad file descriptor\n$/],
    ['js-acquire </dev/null 0<>/dev/null >/dev/null', 0, /^$/],
    ['js-acquire >/dev/full', 1, /^js-acquire: cannot write 'standard output': No space left on device\n$/],
  ])('%s: %i', async (command, status, message) => {
    const { stdout, stderr } = await session(`{ ${command}; } >/dev/null; echo $?; js-release; tokens; claims`);
    expect(stdout).toBe(`${status}\n3\n`);
    expect(stderr).toMatch(message);
  });
});

describe('a js-acquire that waits', () => {
  it('gets the slot that another returns, of either kind', async () => {
    for (const jobs of [1, 2]) {
      const { stdout, stderr } = await session(
        `js-acquire -n ${jobs} >h; js-acquire >second & waiting 1; js-release "$(cat h)"; wait; cat second`,
        { jobs },
      );
      expect(stdout.trim()).toMatch(HANDLE);
      expect(stderr).toBe('');
    }
  });

  it('for several slots gets them even if another waits for several', async () => {
    const { stdout, stderr } = await session(
      `h=$(js-acquire -n 4)
      for i in 1 2 3; do ( js-acquire -n 3 --timeout 60 >h$i; js-release "$(cat h$i)" ) & done; waiting 3
      js-release "$h"; wait; tokens; claims`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: '3\n', stderr: '' });
  });

  it.each([
    ['TERM', 143],
    ['INT', 130],
    ['HUP', 129],
    ['KILL', 137],
  ])('and gets SIG%s ends with %i and leaves nothing', async (signal, status) => {
    // Not in the background of the shell, where SIGINT would be ignored.
    const { stdout } = await session(
      `h=$(js-acquire -n 2); echo 'waiting 1; kill -${signal} $(claims | grep -v - | cut -d. -f1)' >killer
      { . ./killer; } & js-acquire -n 3 --timeout 60; echo $?
      until_true '[ "$(claims)" = "$h" ]'; js-release; tokens; js-acquire -n 4 --no-wait >/dev/null && echo all`,
    );
    expect(stdout).toBe(`${status}\n3\nall\n`);
  });
});

it.each([
  ['js-run', 'fifo'],
  ['js-run', 'pipe'],
  ['js-acquire', 'fifo'],
])('%s that waits is told when the pool is destroyed (%s)', async (command, auth) => {
  const { stdout, stderr } = await makeWorld().run(`${FUNCTIONS}
    eval "$(js-create -j 2 --fifo f --auth ${auth})"; js-acquire -n 2 >/dev/null
    { ${command} ${command === 'js-run' ? 'echo never' : ''}; echo $?; } & waiting 1; js-destroy; wait`);
  expect(stderr).toMatch(new RegExp(`^${command}: the pool '.*/f' is gone: [^\\n]+\\n$`));
  expect(stdout).toBe('69\n');
});

describe('the slots of a holder that ended', () => {
  it.each([
    ['a shell', 'sh -c "js-acquire -n 2; :" >/dev/null'],
    ['a shell that was killed', 'sh -c "js-acquire -n 2; kill -KILL \\$\\$" >/dev/null'],
    ['--owner PID', 'sh -c "until [ -e h ]; do sleep 0.02; done" & js-acquire -n 2 --owner $! >h; wait'],
  ])('come back: %s', async (_, script) => {
    expect((await session(`${script}; js-acquire -n 4 --timeout 5 >/dev/null; echo $?`)).stdout).toBe('0\n');
  });

  it('come back below a make, too, where there is no keeper', async () => {
    const world = makeWorld();
    world.file('Makefile', 'all:\n\t+@sh ./recipe\n');
    world.file(
      'recipe',
      'sh -c "js-acquire -n 2; :" >/dev/null\njs-acquire -n 2 --timeout 5 >/dev/null; echo $?; js-release',
    );
    expect(await world.run('make -s -j2')).toEqual({ status: 0, stdout: '0\n', stderr: '' });
  });
});
