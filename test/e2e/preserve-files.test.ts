import { describe, expect, it } from 'vitest';
import { make441Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld } from './world.js';

const isRoot = process.getuid?.() === 0;

const FUNCTIONS = `
count() { n=0; while js-acquire --no-wait >/dev/null 2>&1; do n=$((n + 1)); done; js-release; echo $n; }
keeper() { grep -o '"keeper": "[0-9]*' run/*/*/pool.json | grep -o '[0-9]*$'; }
kill_keeper() { old=$(keeper); kill -KILL $old; while [ -e /proc/$old/exe ]; do sleep 0.01; done; }
# Takes a token and is killed.
lose() { bash -c 'exec 5<>f; read -rN1 -u5; kill -KILL $$'; }
until_true() { until eval "$1"; do sleep 0.05; done; }
log() { grep -h token run/*/*/keeper.log; }
`;

const run = (script: string, timeout?: number) => {
  const world = makeWorld();
  return {
    world,
    ended: world.run(FUNCTIONS + script, {
      env: withPath(make441Dir, world.env) as Record<string, string>,
      ...(timeout && { timeout }),
    }),
  };
};

describe('a pool that no process can find any more', () => {
  it('ends soon, and its state is removed', async () => {
    const { stdout } = await run(`js-create -j2 --owner none --fifo f >/dev/null; rm f
      until_true '[ ! -e f.jobserver ] && ! ls -A run/* | grep -qv versions'; ls -A . run/* | grep -E '^f|^[0-9]'`)
      .ended;
    expect(stdout).toBe('');
  });

  it('stays while a shell has it open, as with make 4.3', async () => {
    const { stdout } = await run(
      `eval "$(js-create -j3 --owner none --auth pipe --fifo f)"; rm f; sleep 12; count; js-destroy; :`,
    ).ended;
    expect(stdout).toBe('3\n');
  });

  it('stays while a job runs in a slot of it', async () => {
    const { stdout } = await run(
      `js-create -j2 --owner none --fifo f >/dev/null; js-run --fifo f sh -c 'rm f; sleep 12; ls run/*/*/pool.json | wc -l'; until_true '[ ! -e f.jobserver ]'`,
    ).ended;
    expect(stdout).toBe('1\n');
  });
});

it("a keeper restores what is removed of its pool's state while no command uses it", async () => {
  const { stdout, stderr } =
    await run(`eval "$(js-create -j3 --auth fifo --fifo f)"; rm -r run/*/*/claims run/*/*/locks run/*/*/session-* f.jobserver
    until_true '[ -e f.jobserver ]'; ls run/*/*/ | grep -c -E 'claims|locks|session'; count`).ended;
  expect({ stdout, stderr }).toEqual({ stdout: '3\n3\n', stderr: '' });
});

describe('a timestamp in the future', () => {
  it('of the FIFO does not prevent a new keeper from filling it', async () => {
    const { stdout, stderr } = await run(`eval "$(js-create -j3 --auth fifo --fifo f)"; kill_keeper; touch -d '1 year' f
      js-run --timeout 20 echo ran; count`).ended;
    expect({ stdout, stderr }).toEqual({ stdout: 'ran\n3\n', stderr: '' });
  });

  it('of the FIFO does not prevent the keeper from putting back lost tokens', async () => {
    const { stdout } = await run(
      `eval "$(js-create -j3 --auth fifo --fifo f)"; lose; touch -d '1 year' f; until_true 'log'; count`,
    ).ended;
    expect(stdout).toMatch(/ put back 1 token[^\n]*\n3\n$/);
  });

  it.each([
    ['empty', ':>$claim'],
    ['of a holder that died before its job', 'sed -i /^job/d $claim'],
  ])('of the claim %s does not keep its slot', async (_, change) => {
    const { stdout } = await run(`eval "$(js-create -j1 --auth fifo --all-tokens --fifo f)"
      js-run sleep 1000 & holder=$!; until_true 'grep -q job run/*/*/claims/*'; claim=$(echo run/*/*/claims/*)
      job=$(sed -n 's/^job \\([0-9]*\\).*/\\1/p' $claim); kill -STOP $(keeper); kill -KILL $holder $job; wait $holder 2>/dev/null
      ${change}; touch -d '1 year' $claim; kill -CONT $(keeper); js-run --timeout 30 echo ran; until_true '[ -z "$(ls run/*/*/claims)" ]'; count`)
      .ended;
    expect(stdout).toBe('ran\n1\n');
  });

  it('of a folder that a crash left behind does not prevent its removal', async () => {
    const { stdout } =
      await run(`js-create -j1 -- true; mkdir -p run/jobserver-tools/1-2-3/claims; touch -d '1 year' run/*/1-2-3
      js-destroy --stale | grep -c removed; ls run/* | grep -c 1-2-3`).ended;
    expect(stdout).toBe('1\n0\n');
  });
});

it('js-destroy --stale does not examine open files that are not pipes, whose server may be dead', async () => {
  const { stdout } =
    await run(`js-create -j1 -- true; mkdir -p run/jobserver-tools/1-2-3/claims; touch -d '1 year ago' run/*/1-2-3
    echo >innocent; sleep 1000 7<innocent & strace -f -o trace -e trace=%%stat js-destroy --stale | grep -c removed
    grep -c "/proc/$!/fd/7" trace; kill $!`).ended;
  expect(stdout).toBe('1\n0\n');
});

it.each([
  ['0660', '--all-tokens'],
  ['0666', ''],
])('a pool of mode %s gets all its slots back from a new keeper', async (mode, options) => {
  const { stdout, stderr } =
    await run(`eval "$(js-create -j3 --auth fifo --mode ${mode} ${options} --fifo f)"; kill_keeper
    js-run --timeout 20 echo ran; count`).ended;
  // In a pool of a user other than root, a program of root that runs at the same time may prevent the proof.
  if (isRoot) expect({ stdout, stderr }).toEqual({ stdout: 'ran\n3\n', stderr: '' });
});

// Bun does not call the write() of libc.
it.skipIf(process.env.TEST_COMMANDS)(
  'a command that is stopped between taking and recording a token keeps the token',
  async () => {
    const { world, ended } = run(`gcc -shared -fPIC -o slow.so slow.c
    js-create -j1 --owner none --all-tokens --auth fifo --fifo f >code; . ./code
    LD_PRELOAD=$PWD/slow.so js-run env -u LD_PRELOAD span a sleep 3 & until_true 'grep -q in run/*/*/claims/*'
    until_true '[ -e reading ]'; js-run span b sleep 3; wait; log; count; js-destroy`);
    world.file(
      'slow.c',
      `#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
ssize_t write(int fd, const void *text, size_t size) {
  ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  if (size > 6 && memcmp(text, "token ", 6) == 0) {
    close(creat("reading", 0600));
    sleep(9);
  }
  return real(fd, text, size);
}
`,
    );
    expect((await ended).stdout).toBe('1\n');
    expect(peak(await world.spans())).toBe(1);
  },
);
