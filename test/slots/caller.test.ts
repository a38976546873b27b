import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selfId } from '../../src/process/process-table.js';
import { listClaims } from '../../src/slots/claim-record.js';
import { sweepClaims } from '../../src/slots/sweep.js';
import { makeWorld } from '../e2e/world.js';
import { ageClaims, makePool } from './real-pool.js';

/** Notes who it is that runs this: not the last command of a shell, which would become it. */
const ME = "sh -c 'echo $PPID' >want";

/** Runs a script that leaves the handle in `H`; `| cat` makes its output a pipe, as in a CI job. */
async function holderOf(
  shell: string,
  script: string,
  plumbing: string,
  inner = '',
): Promise<{ holder: string; want: string }> {
  const world = makeWorld();
  const { path, root, pool, drain } = makePool([0x2b]);
  world.file('script', script);
  world.file('inner', inner);
  const options = shell === 'bash' ? '--norc' : shell === 'zsh' ? '-f' : '';
  const env = {
    MAKEFLAGS: ` -j2 --jobserver-auth=fifo:${path}`,
    JOBSERVER_TOOLS_STATE: root,
  };
  const { stderr } = await world.run(`${shell} ${options} ./script ${plumbing}`, { env });
  expect(stderr).toBe('');
  const read = (name: string) => readFileSync(join(world.dir, name), 'utf8').trim();
  const handle = read('got');
  // What nobody has returned lives on under its handle until the holder ends, and not longer.
  expect(listClaims(pool)).toEqual([handle]);
  expect(drain()).toEqual([]);
  ageClaims(pool);
  expect(sweepClaims(pool, selfId())).toBe(1);
  expect(drain()).toEqual([0x2b]);
  expect(existsSync(pool.folder)).toBe(false);
  return { holder: handle.replace(/\..*/, ''), want: read('want') };
}

describe.each(['bash', 'dash', 'zsh'])('in %s the slot of', (shell) => {
  test.each([
    'H=$(js-acquire)',
    'H=$(js-acquire | tail -1)',
    'H=$(js-acquire | cat | tail -1)',
    'take() { js-acquire; }; H=$(take)',
    'take() { js-acquire | cat; }; H=$(take)',
    'H=$( ( js-acquire ) )',
    'take() { js-acquire; }; H=$(take | tail -1)',
    'H=$( ( js-acquire; : ) | tail -1)',
    'H=$(X=$(js-acquire); echo "$X")',
    'X=$(H=$(js-acquire); echo "$H" >h); H=$(cat h)',
    'H=$(X=$(js-acquire | cat); echo "$X" | cat)',
    'H=$(if js-acquire; then :; fi; true)',
    'js-acquire >h; H=$(cat h)',
    'js-acquire >h & wait; H=$(cat h)',
    'js-acquire | cat >h; H=$(cat h)',
    'read H <<END\n$(js-acquire)\nEND\n',
    'exec 3>&1 >log; H=$(js-acquire | cat)',
    ...(shell === 'dash' ? [] : ['read H < <(js-acquire)']),
    // There the last part of a pipeline is the shell itself.
    ...(shell === 'zsh' ? ['js-acquire | read H', '( js-acquire; : ) | read H'] : []),
  ])('%j is the shell’s own', async (script) => {
    const { holder, want } = await holderOf(shell, `echo $$ >want\n${script}\necho "$H" >got\n`, '| cat');
    expect(holder).toBe(want);
  });

  const TAKE = `${ME}; H=$(js-acquire); echo "$H" >got`;
  test.each([
    `( ${TAKE} ) & wait`,
    `( ${ME}; H=$(js-acquire | tail -1); echo "$H" >got ) & wait`,
    `( ${ME}; H=$(X=$(js-acquire); echo "$X"); echo "$H" >got ) & wait`,
    `( ${ME}; js-acquire >h; cat h >got ) & wait`,
    `( ${ME}; js-acquire >got; : )`,
    `( ( ${TAKE}; : ) & wait; : )`,
    `( ${TAKE} ) | cat`,
    `{ ${TAKE}; } | cat`,
    `( ${TAKE}; : ) >log & wait`,
    `( ${TAKE}; : ) </dev/null 2>&1 | cat >log`,
    `job() { ${TAKE}; }; job & wait`,
    `job() { ${TAKE}; }; job | cat`,
  ])('%j is the subshell’s', async (script) => {
    const { holder, want } = await holderOf(shell, `${script}\n:\n`, '| cat');
    expect(holder).toBe(want);
  });

  // Whoever reads what a script prints is no shell that called js-acquire: ninja, an IDE, another script.
  test.each([
    ['another shell', `X=$(${shell} inner)`],
    ['another program', "python3 -c \"import subprocess; subprocess.check_output(['SHELL', 'inner'])\""],
  ])('a script that %s runs is the script’s', async (_, script) => {
    const inner = `echo $$ >want; H=$(js-acquire); echo "$H" >got`;
    const { holder, want } = await holderOf(shell, script.replace('SHELL', shell), '| cat', inner);
    expect(holder).toBe(want);
  });

  // The shell has the pipe too, but to write into: it is no reader of it.
  test.each([
    ['2>&1 >log | cat', `( ${TAKE}; : ) >&2 & wait`],
    ['| cat', `exec 3>&1 >log; ( ${TAKE}; : ) >&3 & wait`],
  ])('run %j, %j is the subshell’s', async (plumbing, script) => {
    const { holder, want } = await holderOf(shell, `${script}\n:\n`, plumbing);
    expect(holder).toBe(want);
  });
});
