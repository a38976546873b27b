import { describe, expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import { makeWorld } from './world.js';

const isRoot = process.getuid?.() === 0;
const asNobody =
  'setpriv --reuid=65534 --regid=65534 --clear-groups env JOBSERVER_TOOLS_STATE="$PWD/own/state" SPANS="$PWD/own/spans"';

/** The users that can build a Debian package here; fakeroot(1) makes all of them look like root to getuid(2) alone. */
const USERS: Array<[who: string, as: string]> = [
  ['this user', 'env SPANS="$PWD/own/spans"'],
  ...(isRoot ? [['nobody', asNobody] as [string, string]] : []),
];

describe('below fakeroot', () => {
  it.each(USERS)('commands join the pool outside of it: %s', async (_, as) => {
    const world = makeWorld();
    world.file('Makefile', 'all: 1 2 3 4 5 6\n%: ; @js-run --require span $@ sleep 0.5\n');
    const script = `chmod 755 .; install -d -m 700 \${OTHER:+-o 65534} own; ${as} js-create -j2 -- fakeroot make -s; echo $?
      ${as} fakeroot js-create -j2 -- js-run --require id -u; cp own/spans .`;
    const { stdout, stderr } = await world.run(script, { env: as === asNobody ? { OTHER: 'yes' } : {} });
    expect({ stdout, stderr }).toEqual({ stdout: '0\n0\n', stderr: '' });
    expect(peak(await world.spans())).toBe(2);
  });
});
