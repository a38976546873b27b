import { describe, expect, it } from 'vitest';
import { makeWorld } from './world.js';

describe('--quiet', () => {
  it.each([
    ['a pool that cannot be joined', 'MAKEFLAGS="-j4 --jobserver-auth=fifo:$PWD/f" js-run -q sh -c "exit 3"'],
    ['a tool that leaves the pool', 'js-create -j 2 -- js-run --quiet make -sj2 -f /dev/null; [ $? = 2 ] && exit 3'],
    ['a tool that leaves the pool of js-create', 'js-create -qj 2 -- make -sj3 -f /dev/null; [ $? = 2 ] && exit 3'],
    ['bytes that are not UTF-8', "X=$(printf '\\377') js-create -q -- js-run -q sh -c 'exit 3'"],
  ])('prints nothing about %s', async (_, script) => {
    const world = makeWorld();
    const loud = await world.run(script.replaceAll(/ -q(?=j)/g, ' -').replaceAll(/ (-q|--quiet)\b/g, ' '));
    expect(loud.stderr).toMatch(/^js-(run|create): warning: /m);
    expect(loud.status).toBe(3);
    const ended = await world.run(script);
    expect(ended).toEqual({ ...loud, stderr: loud.stderr.replace(/^js-.*\n/gm, '') });
  });

  it.each([
    ['js-run -q nowhere-on-path', /^js-run: cannot run 'nowhere-on-path': [^\n]+\n$/, 127],
    ['js-run -q --require true', /^js-run: no pool: [^\n]+\n$/, 69],
    ['js-run -q -n x true', /^js-run: -n: [^\n]+\n$/, 125],
    ['js-create -q -j 0', /^js-create: -j: [^\n]+\n$/, 2],
    ['js-create -q -- nowhere-on-path', /^js-create: cannot run 'nowhere-on-path': [^\n]+\n$/, 127],
    ['js-create -q -v -- true', /^js-create: --quiet cannot be combined with --verbose [^\n]+\n$/, 2],
  ])('still prints errors: %s', async (script, stderr, status) => {
    const ended = await makeWorld().run(script);
    expect(ended.stderr).toMatch(stderr);
    expect(ended.status).toBe(status);
  });
});
