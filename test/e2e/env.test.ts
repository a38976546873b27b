import { describe, expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

const SHELLS = ['dash', 'bash', 'zsh'];

/** Runs a script in a shell that is not the session of the pool at `f`, for four jobs with three tokens. */
async function outside(world: World, script: string, { shell = 'bash', env = {} } = {}) {
  // The session is a shell that goes on after js-create, and has ended.
  await world.run('js-create -j 4 --fifo f --owner none --auth fifo >code; :');
  try {
    return await world.run(script, { shell, env });
  } finally {
    await world.run('js-destroy --fifo f');
  }
}

describe('eval "$(js-env --fifo PATH)"', () => {
  it.each(SHELLS)('joins the pool of another shell in %s', async (shell) => {
    const { stdout, stderr } = await outside(
      makeWorld(),
      `eval "$(js-env --fifo f)"; printf '%s\\n' "$MAKEFLAGS" "\${CARGO_MAKEFLAGS-unset} \${MFLAGS-unset}"
      js-acquire -n 3 --no-wait >/dev/null; js-run --no-wait true; echo $?`,
      { shell, env: { MAKEFLAGS: 'k -j9 --jobserver-auth=3,4 -- A=b\\ c', CARGO_MAKEFLAGS: '-j9', MFLAGS: '-k' } },
    );
    const [flags, ...rest] = stdout.trim().split('\n');
    expect(flags).toMatch(/^k -j4 --jobserver-auth=\d,\d -- A=b\\ c --jobserver-auth=fifo:\/.*\/f$/);
    // The pool's own slot is its session's.
    expect(rest).toEqual(['unset unset', '75']);
    expect(stderr).toMatch(/^js-run: no slot free in the pool '.*\/f'\n$/);
  });

  it.each([
    ['auto', /^\d,\d -- --jobserver-auth=fifo:\/.*\/f$/],
    ['pipe', /^\d,\d$/],
    ['fifo', /^fifo:\/.*\/f$/],
  ])('--auth %s advertises %s', async (auth, expected) => {
    const script = `eval "$(js-env --sh --auth ${auth} --fifo f)"; echo "\${MAKEFLAGS#*=}"`;
    expect((await outside(makeWorld(), script)).stdout.trim()).toMatch(expected);
  });

  it.each(SHELLS)('changes nothing if %s has already joined', async (shell) => {
    const { stdout } = await outside(
      makeWorld(),
      `eval "$(js-env --fifo f)"; js-env >first; . ./first; js-env >second; cmp first second && grep -c ^exec first`,
      { shell },
    );
    expect(stdout).toBe('0\n');
  });
});

it('js-env names the FIFO of another program by a path that works in any folder', async () => {
  const world = makeWorld();
  const { stdout } = await world.run('mkfifo g; exec 3<>g; js-env --fifo g --auth fifo');
  expect(stdout).toContain(`--jobserver-auth=fifo:${world.dir}/g'`);
});

it.each(['fifo', 'pipe'])(
  'js-env refuses a FIFO that no process keeps open, which would block the shell (%s)',
  async (auth) => {
    const ended = await makeWorld().run(
      `mkfifo g; timeout 5 bash -c 'eval "$(js-env --fifo g --auth ${auth})"; exit 0'`,
    );
    expect(ended).toEqual({ status: 0, stdout: '', stderr: expect.stringMatching(/^js-env: [^\n]+\n$/) });
  },
);

it('js-env lets a make 4.3 join in a recipe line without +', async () => {
  const world = makeWorld();
  world.file('outer.mk', 'all: a b\na b:\n\t@eval "$$(js-env)"; sh -c "make -s P=$@ $@1 $@2 $@3"\n');
  world.file('Makefile', 'a1 a2 a3 b1 b2 b3:\n\tspan $@ meet 4\n');
  const { status, stderr } = await world.run('make -s -j4 -f outer.mk');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const spans = await world.spans();
  expect({ jobs: spans.length, peak: peak(spans) }).toEqual({ jobs: 6, peak: 4 });
});

describe('js-env --strip', () => {
  it.each([
    ['k -j4 --jobserver-auth=3,4 --no-print-directory -- A=b\\ c', 'k --no-print-directory -- A=b\\ c'],
    ['kw -j --jobserver-fds=3,4 -j 4 --jobs=2', 'kw'],
    [' -j4 --jobserver-auth=fifo:/tmp/x', 'unset'],
    ['', 'unset'],
    ['k -- A=--jobserver-auth=3,4', 'k -- A=--jobserver-auth=3,4'],
    [' -j4 --jobserver-auth=3,4 -- --jobserver-auth=fifo:/tmp/x', 'unset'],
    [' -j4 --jobserver-auth=3,4 -- A=b --jobserver-auth=fifo:/tmp/x B=c', ' -- A=b B=c'],
    [`k -- A=it's\\ "q"\\ $$x\\ *\\ \`id\`\\ \\\\\\ #\\ !`, `k -- A=it's\\ "q"\\ $$x\\ *\\ \`id\`\\ \\\\\\ #\\ !`],
  ])('keeps all other flags: %s', async (flags, expected) => {
    for (const shell of SHELLS) {
      const { stdout, stderr } = await makeWorld().run(
        `eval "$(js-env --strip)"; printf '%s\\n' "\${MAKEFLAGS-unset}" "\${CARGO_MAKEFLAGS-unset} \${MFLAGS-unset}"`,
        { shell, env: { MAKEFLAGS: flags, CARGO_MAKEFLAGS: '-j4 --jobserver-auth=3,4', MFLAGS: '-j4' } },
      );
      expect({ shell, stdout, stderr }).toEqual({ shell, stdout: `${expected}\nunset unset\n`, stderr: '' });
    }
  });

  it.each(['fifo', 'pipe'])('hides a pool that was joined by %s', async (auth) => {
    const script = `eval "$(js-create -j 2 --fifo f --auth ${auth})"; js-run --require echo joined; eval "$(js-env --strip)"
      env | grep JOBSERVER_TOOLS_FIFO; js-run --require echo still; echo $?; js-destroy --fifo f`;
    expect((await makeWorld().run(script)).stdout).toBe('joined\n69\n');
  });
});

it.each([
  ['js-env', 69, /^js-env: no pool: [^\n]+\n$/],
  ['js-env --fifo missing', 69, /^js-env: cannot open the pool '.*\/missing': No such file or directory\n$/],
  ['>file; js-env --fifo file', 69, /^js-env: cannot join the pool '.*\/file': it is not a FIFO\n$/],
  [
    'js-env --auth x',
    2,
    /^js-env: --auth: invalid value 'x' \(expected one of auto, fifo, pipe\) \(see js-env --help\)\n$/,
  ],
  ['js-env operand', 2, /^js-env: unexpected argument 'operand' \(see js-env --help\)\n$/],
])('%s: %i, one line, and the same status for eval', async (command, status, message) => {
  const ended = await makeWorld().run(command);
  expect(ended).toEqual({ status, stdout: `(exit ${status})\n`, stderr: expect.stringMatching(message) });
});
