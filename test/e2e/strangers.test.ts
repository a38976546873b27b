import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { make441Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld } from './world.js';

/** A pid namespace of a test's own: what other tests run as root beside it must not count for a pool of nobody's. */
const UNSHARE = 'unshare --pid --fork --mount-proc --kill-child';
const canUnshare = spawnSync('sh', ['-c', `${UNSHARE} true`]).status === 0;
const isRoot = process.getuid?.() === 0;

const FUNCTIONS = `chmod 755 .; install -d -m 700 -o 65534 own; install -d -o 65534 theirs
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env JOBSERVER_TOOLS_STATE="$PWD/own/state" "$@"; }
create() { nobody js-create --owner none --auth fifo --fifo theirs/f "$@" >code; . ./code; }
log() { cat own/state/*/keeper.log run/*/*/keeper.log 2>/dev/null | grep token; }
# What looks again and again is no program of root, which would count.
until_log() { nobody sh -c 'until grep -h token own/state/*/keeper.log; do sleep 0.1; done'; }
# Takes a token and is killed.
lose() { nobody bash -c 'exec 5<>theirs/f; read -rN1 -u5; kill -KILL $$'; }
destroy() { nobody js-destroy --fifo theirs/f; }
`;

/** Longer than the keeper takes to put back what is missing. */
const LONG = 8;

const run = (script: string) => {
  const world = makeWorld();
  world.file('script', FUNCTIONS + script);
  const env = withPath(make441Dir, world.env) as Record<string, string>;
  return { world, ended: world.run(`${isRoot && canUnshare ? UNSHARE : ''} bash ./script`, { env }) };
};

describe.runIf(isRoot && canUnshare)('next to processes that the keeper cannot examine (as root)', () => {
  it('root runs jobs in a pool of another user, and N run at once', async () => {
    const { world, ended } = run(`create -j2 --all-tokens
      for i in 1 2 3 4 5 6; do js-run span $i sleep ${LONG / 2} & jobs="$jobs $!"; done; wait $jobs; log; destroy`);
    expect((await ended).stdout).toBe('');
    expect(peak(await world.spans())).toBe(2);
  });

  it('a make of root holds tokens of a pool of another user', async () => {
    const { world, ended } = run(`printf 'all: 1 2 3 4 5 6\\n%%: ; @span $@ sleep ${LONG}\\n' >Makefile
      create -j3 --all-tokens; js-run make -s; log; destroy`);
    expect((await ended).stdout).toBe('');
    expect(peak(await world.spans())).toBe(3);
  });

  it('a client that hides from its own user holds a token', async () => {
    // prctl(PR_SET_DUMPABLE, 0)
    const perl = `syscall 157, 4, 0, 0, 0, 0; open my $f, "+<", "theirs/f"; sysread $f, my $token, 1; open my $up, ">", "theirs/up"; sleep`;
    const { ended } = run(`create -j2 --all-tokens; nobody perl -e '${perl} ${2 * LONG}' & client=$!
      until [ -e theirs/up ]; do sleep 0.05; done
      sleep ${LONG}; log; nobody js-acquire --fifo theirs/f --owner 1 >/dev/null
      kill -KILL $client; nobody js-acquire --fifo theirs/f --owner 1 --timeout 20 >/dev/null && echo got; log; destroy`);
    expect((await ended).stdout).toMatch(/^got\n[^\n]* put back 1 token[^\n]*\n$/);
  });

  it('a process that is older than the pool does not prevent the return of lost tokens', async () => {
    const { ended } = run(`sleep 1000 & setsid sleep 1000 & create -j2 --all-tokens; lose; until_log; destroy`);
    expect((await ended).stdout).toMatch(/ put back 1 token[^\n]*\n$/);
  });

  it.each([
    ['a program of root', 'sleep 1000 & other=$!', 'kill $other'],
    ['a program of a third user', 'setpriv --reuid=65533 --regid=65533 --clear-groups sleep 1000 & other=$!', ''],
    [
      'a service',
      "other=$(setsid sh -c 'sleep 1000 >/dev/null & echo $!; exit'); kill $other; perl -MPOSIX -e 'fork and exit; POSIX::setsid(); exec qw(sleep 1000)'",
      '',
    ],
  ])('%s that was started after the pool prevents it, or not', async (_, start, end) => {
    const wait = end === '' ? '' : `sleep ${LONG}; log; ${end};`;
    const { ended } = run(`create -j2 --all-tokens; ${start}; lose; ${wait} until_log; destroy`);
    expect((await ended).stdout).toMatch(/^[^\n]* put back 1 token[^\n]*\n$/);
  });
});

it('a make with a target named like one of our commands is not one of our commands', async () => {
  const world = makeWorld();
  world.file('Makefile', 'js-run: 1 2 3 4 5 6\n%: ; @span $@ sleep 5\n');
  const env = withPath(make441Dir, world.env) as Record<string, string>;
  const script = `eval "$(js-create -j3 --auth fifo --fifo f)"; make js-run -s; cat run/*/*/keeper.log; js-destroy`;
  expect((await world.run(script, { env })).stdout).toBe('');
  expect(peak(await world.spans())).toBe(3);
});

it.runIf(canUnshare)('commands with the same pid in containers of one pool have a claim each', async () => {
  const world = makeWorld();
  const script = `js-create -j9 --owner none --all-tokens --auth fifo --fifo f >/dev/null
    for round in 1 2 3 4; do
      for i in 1 2 3 4 5 6 7 8; do ${UNSHARE} js-run --fifo f sh -c 'basename run/*/*/claims/$JOBSERVER_TOOLS_CLAIM' & jobs="$jobs $!"; done
      wait $jobs
    done; js-destroy --fifo f`;
  const { stdout, stderr } = await world.run(script);
  expect(stderr).toBe('');
  const claims = stdout.trim().split('\n');
  expect(claims).toHaveLength(32);
  // Else it was not tried.
  expect(new Set(claims.map((claim) => claim.replace(/@.*/, ''))).size).toBeLessThan(32);
});

it.runIf(isRoot && canUnshare)(
  'a command in a container without the state of the pool is refused, or holds its slot',
  async () => {
    const { world, ended } = run(`export JOBSERVER_TOOLS_STATE=$PWD/run/state
    js-create -j2 --owner none --all-tokens --auth fifo --fifo f >code; . ./code
    mv run/state run/hidden; js-run --require true; echo $?; js-run true; echo $?; js-acquire; echo $?; mv run/hidden run/state
    cp f.jobserver pointer
    # Only the FIFO is there, and nothing that says whose it is.
    container() { unshare --mount sh -c 'mount -t tmpfs none run; mkdir -m 700 run/user; mount --bind /dev/null f.jobserver; JOBSERVER_TOOLS_STATE=$PWD/run/user exec "$@"' - "$@"; }
    for i in 1 2 3 4 5 6; do container js-run span $i sleep 4 & jobs="$jobs $!"; done; wait $jobs; log; js-destroy`);
    const { stdout, stderr } = await ended;
    expect(stdout).toBe('125\n125\n1\n');
    expect(stderr.match(/cannot find the state of the pool '[^']*\/f' in '[^']*\/run\/state'/g)).toHaveLength(3);
    expect(peak(await world.spans())).toBe(2);
  },
);
