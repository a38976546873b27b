import { describe, expect, it } from 'vitest';
import { make441Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld } from './world.js';

const FUNCTIONS = `
keeper() { grep -o '"keeper": "[0-9]*' run/*/*/pool.json | grep -o '[0-9]*$'; }
# If the shell has the pool open too, as with make 4.3, the content outlives the keeper.
kill_keeper() { old=$(keeper); kill -KILL $old; while [ -e /proc/$old/exe ]; do sleep 0.01; done; }
until_true() { until eval "$1"; do sleep 0.02; done; }
new_keeper() { new=$(keeper); [ -n "$new" ] && [ "$new" != "$old" ] && [ -e /proc/$new/exe ]; }
count() { n=0; while js-acquire --no-wait >/dev/null 2>&1; do n=$((n + 1)); done; js-release; echo $n; }
keepers() { for cmd in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$cmd; echo; done 2>/dev/null | grep -c "keeper[.a-z]* {.*$PWD/run/"; }
`;

/** Runs a script in a session of four slots at \`f\`. */
const inSession = (script: string, auth = 'fifo', path?: string) => {
  const world = makeWorld();
  const text = `${FUNCTIONS}eval "$(js-create -j 4 --auth ${auth} --fifo f)"\n${script}`;
  const env = path === undefined ? {} : (withPath(path, world.env) as Record<string, string>);
  return { world, ended: world.run(text, { env }) };
};

describe.each(['fifo', 'pipe'])('a pool whose keeper was killed (%s)', (auth) => {
  it.each([
    ['js-run', 'js-run true'],
    ['js-acquire', 'js-acquire --no-wait >/dev/null'],
    ['js-release', 'js-release $h'],
    ['js-env', 'js-env >/dev/null'],
  ])('gets a new one from the next %s, with all slots', async (_, command) => {
    const script = `h=$(js-acquire); kill_keeper; ${command}; new_keeper && echo new; js-release; count; keepers`;
    expect(await inSession(script, auth).ended).toEqual({ stdout: 'new\n4\n1\n', stderr: '', status: 0 });
  });

  it('gets one from commands that wait, which go on waiting', async () => {
    const script = `h=$(js-acquire -n 4)
    for i in 1 2 3 4 5 6; do js-run echo ran & done; until_true '[ $(ls run/*/*/claims | wc -l) = 7 ]'
    kill_keeper; until_true new_keeper; ls run/*/*/claims | wc -l; js-release $h; wait; count; keepers`;
    const { stdout, stderr } = await inSession(script, auth).ended;
    expect({ stdout, stderr }).toEqual({ stdout: `7\n${'ran\n'.repeat(6)}4\n1\n`, stderr: '' });
  });

  it('gets a new one each time while jobs run, and never has a slot too many', async () => {
    const { world, ended } = inSession(
      `for i in $(seq 40); do js-run -- span "job $i" sleep 0.2 & jobs+=($!); done
      killed=0; while sleep 0.3; [ -n "$(jobs -rp)" ]; do
        kill_keeper; killed=$((killed + 1)); until_true 'new_keeper || [ -z "$(jobs -rp)" ]'
      done
      [ $killed -gt 2 ] && echo often
      wait "\${jobs[@]}"; js-acquire -n 4 --timeout 30 >/dev/null; js-release; count; keepers`,
      auth,
    );
    expect(await ended).toEqual({ stdout: 'often\n4\n1\n', stderr: '', status: 0 });
    const spans = await world.spans();
    expect(spans).toHaveLength(40);
    // If keepers are killed before they can prove what is missing, there may be fewer slots for a while.
    expect(peak(spans)).toBeLessThanOrEqual(4);
  });
});

it('a make that has the FIFO open keeps it, and a new keeper puts in nothing that make holds', async () => {
  const { world, ended } = inSession(
    `printf 'all: 1 2 3 4 5 6 7 8\\n%%: ; @span $@ sh -c ": >up.$@; until [ -e go ]; do sleep 0.02; done"\\n' >Makefile
    make -s & make=$!; until_true '[ $(ls up.* 2>/dev/null | wc -l) = 4 ]'
    kill_keeper; js-env >/dev/null; new_keeper && echo new; touch go; wait $make && echo made; count`,
    'fifo',
    make441Dir,
  );
  expect((await ended).stdout).toBe('new\nmade\n4\n');
  expect(peak(await world.spans())).toBe(4);
});

it('a keeper that is killed while it starts is replaced', async () => {
  const script = `kill_keeper; ( until new=$(grep -lsz '^{"root":"'$PWD/run /proc/[0-9]*/cmdline); do :; done
    kill -KILL $(cut -d/ -f3 <<<$new) ) & js-run echo ran; wait; until_true 'js-env >/dev/null; new_keeper'; count; keepers`;
  expect(await inSession(script).ended).toEqual({ stdout: 'ran\n4\n1\n', stderr: '', status: 0 });
});

it('a keeper that a job starts is not part of the job', async () => {
  const script = `export -f keeper kill_keeper; js-run -- bash -c 'kill_keeper; js-env >/dev/null'; new=$(keeper)
    tr '\\0' '\\n' </proc/$new/environ | grep -c JOBSERVER_TOOLS_CLAIM; count`;
  expect((await inSession(script).ended).stdout).toBe('0\n4\n');
});

it('a command that was killed while it started a keeper does not delay others', async () => {
  const script = `kill_keeper; sleep 0 & dead=$!; wait; printf $dead.1 >$(echo run/*/*/pool.json | sed s,pool.json,keeper-2,)
    js-run echo ran; new_keeper && echo new; count`;
  expect((await inSession(script).ended).stdout).toBe('ran\nnew\n4\n');
});

it('a pool ends if its owner and its keeper have died', async () => {
  const script = `${FUNCTIONS}sleep 1000 & owner=$!
    eval "$(js-create -j 4 --auth fifo --fifo f --owner $owner)"; kill_keeper; kill $owner; wait $owner
    js-run echo ran; js-run --require true; echo $?; js-acquire; echo $?; js-destroy; js-destroy; echo $?; ls run/* | grep -v versions`;
  const { stdout, stderr } = await makeWorld().run(script);
  expect(stdout).toBe('ran\n69\n69\n69\n');
  expect(stderr.replaceAll(/'[^']*'/g, 'F').split('\n')).toEqual([
    'js-run: warning: the pool F is gone: no process keeps it open; make a new one with js-create; running the command without a slot',
    'js-run: the pool F is gone: no process keeps it open; make a new one with js-create',
    'js-acquire: the pool F is gone: no process keeps it open; make a new one with js-create',
    'js-destroy: cannot open the pool F: No such file or directory',
    '',
  ]);
});

it.each([
  ['js-run', 'js-run true', 125],
  ['js-acquire', 'js-acquire', 1],
  ['js-env', 'js-env >/dev/null', 1],
])('%s reports that no keeper can be started, and the next one may try again', async (name, command, status) => {
  const script = `kill_keeper; log=$(echo run/*/*/keeper.log); rm $log; mkdir $log; ${command} 2>err; echo $?; rmdir $log
    js-run echo ran; count; ls run/*/*/claims; sed "s/'.*'/F/" err`;
  expect((await inSession(script).ended).stdout).toBe(
    `${status}\nran\n4\n${name}: cannot write F: Illegal operation on a directory\n`,
  );
});
