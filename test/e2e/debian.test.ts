import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

/** Writes a source package that debhelper builds by a make of six jobs. */
function writePackage(world: World): void {
  mkdirSync(join(world.dir, 'tiny/debian/source'), { recursive: true });
  const files = {
    control: `Source: tiny
Section: misc
Priority: optional
Maintainer: Nobody <nobody@example.org>
Build-Depends: debhelper-compat (= 13)
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: tiny
Architecture: all
Description: nothing
 At all.
`,
    changelog: `tiny (1) unstable; urgency=low

  * Nothing.

 -- Nobody <nobody@example.org>  Mon, 01 Jan 2024 00:00:00 +0000
`,
    'source/format': '3.0 (native)\n',
    rules: '#!/usr/bin/make -f\n%:\n\tdh $@ --without autoreconf\noverride_dh_auto_test override_dh_auto_install:\n',
  };
  for (const [name, text] of Object.entries(files)) world.file(`tiny/debian/${name}`, text);
  world.file('tiny/Makefile', 'all: a b c d e f\na b c d e f: ; @span $@ meet\n');
}

const BUILD = 'dpkg-buildpackage -us -uc -b -d';

async function build(script: string, env = {}) {
  const world = makeWorld();
  writePackage(world);
  const { status, stderr } = await world.run(`cd tiny && ${script} >../log`, {
    env: { MEET: '1', ...env },
    timeout: 110_000,
  });
  const spans = await world.spans();
  return { status, stderr, jobs: spans.length, peak: peak(spans) };
}

describe('a Debian package', { timeout: 120_000 }, () => {
  it.each([
    ['js-create -j1 -- sh -c "js-run BUILD"', {}, 1],
    ['js-create -j4 -- sh -c "js-run BUILD"', { DEB_BUILD_OPTIONS: 'parallel=8' }, 1],
    ['js-create -j4 -- js-run -n 2 BUILD', { DEB_BUILD_OPTIONS: 'terse parallel=8' }, 2],
    ['js-create -j3 -- BUILD', { DEB_BUILD_OPTIONS: 'parallel=8' }, 3],
    ['js-create -j4 -- js-run debian/rules binary', { DEB_BUILD_OPTIONS: 'parallel=8' }, 1],
    ['js-create -j4 -- js-run dh binary', { DEB_BUILD_OPTIONS: 'parallel=8' }, 1],
    // debian/rules begins with `#!/usr/bin/make -f`, which passes all wrappers by.
    // The make that dh starts has a wrapper, by which it joins the pool.
    ['js-create -j2 --shims -- sh -c "BUILD"', { DEB_BUILD_OPTIONS: 'parallel=8' }, 2],
    ['js-create -j1 -- js-run --shims debian/rules binary', {}, 1],
  ])('built by %s with %j has a peak of %i jobs', async (script, env, most) => {
    const { stderr, ...ended } = await build(script.replace('BUILD', BUILD), { ...env, MEET: String(most) });
    expect({ ...ended, log: ended.status && stderr }).toEqual({ status: 0, jobs: 6, peak: most, log: 0 });
    expect(stderr).not.toMatch(/^js-/m);
  });

  it('causes a warning if its command line asks for more', async () => {
    const { stderr, status } = await build(`js-create -j1 -- js-run ${BUILD} -j3`);
    expect(stderr).toContain(
      "js-run: warning: '-j3' makes dpkg-buildpackage ignore the pool; remove it, or use js-run --fit\n",
    );
    expect(status).toBe(0);
  });
});
