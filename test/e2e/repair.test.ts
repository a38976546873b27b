import { expect, it } from 'vitest';
import { make43, make441Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld } from './world.js';

/** Says how many slots there are, and gives them back; waits for the keeper's word. */
const COUNT = `count() { n=0; while js-acquire --no-wait >/dev/null 2>&1; do n=$((n + 1)); done; js-release; echo $n; }
until_repaired() { for i in $(seq 80); do grep token run/*/*/keeper.log && break; sleep 0.1; done; count; }`;

it.each([
  ['a client that was killed with two', 'bash -c "exec 5<>f; read -rN2 -u5; kill -KILL \\$\\$"', '2'],
  ['a program that only read one', 'head -c1 f >/dev/null', '3'],
  ['a client that returned too many', 'printf +++ >f', '7'],
])('the keeper makes good for %s', async (_, client, before) => {
  const script = `${COUNT}; eval "$(js-create -j 4 --auth fifo --fifo f)"; ${client}; count; until_repaired`;
  const { stdout } = await makeWorld().run(script);
  expect(stdout).toMatch(new RegExp(`^${before}\\n.*(put back|removed) \\d (surplus )?tokens?.*\\n4\\n$`));
});

it('the keeper puts back the tokens of a make 4.4.1 that was terminated', async () => {
  const world = makeWorld();
  world.file('Makefile', 'all: a b c d\na b c d: ; @touch $@; sleep 100\n');
  const env = withPath(make441Dir, world.env) as Record<string, string>;
  const script = `${COUNT}; eval "$(js-create -j 4 --auth fifo --fifo f)"; setsid make -s 2>/dev/null & make=$!
    until [ -e a -a -e b -a -e c -a -e d ]; do sleep 0.05; done; kill -TERM -$make; wait $make; until_repaired`;
  expect((await world.run(script, { env })).stdout).toMatch(/put back \d tokens?.*\n4\n$/);
});

/** Below make 4.4 the shell that starts the clients has the pool's pair open all the time. */
it.each([
  ['js-create -j 4 --fifo f -- bash -c', ''],
  ['js-create -j 4 --auth pipe --fifo f -- bash -c', ''],
  ['bash -c', 'eval "$(js-create -j 4 --fifo f)";'],
])('the keeper makes good for a make 4.3 that was killed in a shell with a pair: %s', async (run, join) => {
  const world = makeWorld();
  world.file('Makefile', 'all: a b c d\na b c d: ; @touch $@; sleep 100\n');
  world.file(
    'script',
    `${join} setsid ${make43} -s 2>/dev/null & make=$!
    until [ -e a -a -e b -a -e c -a -e d ]; do sleep 0.05; done; kill -KILL -$make; wait $make
    js-run --no-wait -n 2 true 2>/dev/null || echo lost; js-run -n 4 --timeout 60 echo all; cat run/*/*/keeper.log`,
  );
  const { stdout } = await world.run(`${run} '. ./script'`);
  expect(stdout).toMatch(/^lost\nall\n.*put back 3 tokens.*\n$/);
});

it('the keeper adds nothing if a client may still hold a token', async () => {
  // Six looks of the keeper are what it may take to make good; a client that lives is to be believed for longer.
  const script = `${COUNT}; eval "$(js-create -j 4 --auth fifo --fifo f)"; exec 5<>f; read -rN2 -u5; count
    # Nobody but the shell has it open.
    sleep 7 5<&-; count
    cat run/*/*/keeper.log; printf '%s' "$REPLY" >&5; exec 5<&-; count`;
  expect((await makeWorld().run(script)).stdout).toBe('2\n2\n4\n');
});

it('the keeper notices that the shell of the session has become a make', async () => {
  const world = makeWorld();
  // Longer than three looks of the keeper, after which it would fill the pool beside what the make holds.
  world.file('Makefile', 'all: a b c d e f g h\n%: ; @span $@ sleep 5\n');
  const env = withPath(make441Dir, world.env) as Record<string, string>;
  const script = `bash -c 'eval "$(js-create -j 4 --auth fifo --fifo f)"; exec make -s'`;
  expect((await world.run(script, { env })).status).toBe(0);
  expect(peak(await world.spans())).toBe(4);
});

it('a command that waits gets the token of a client that died', async () => {
  const script = `${COUNT}; eval "$(js-create -j 2 --auth fifo --fifo f)"
    bash -c 'exec 5<>f; read -rN1 -u5; kill -KILL $$'; js-acquire >/dev/null; js-acquire >/dev/null && echo got; js-release; count`;
  expect((await makeWorld().run(script)).stdout).toBe('got\n2\n');
});
