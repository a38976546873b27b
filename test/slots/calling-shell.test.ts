import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selfId } from '../../src/process/process-table.js';
import { listClaims } from '../../src/slots/read-claim.js';
import { sweepClaims } from '../../src/slots/sweep-dead-claims.js';
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

  // Whatever runs js-acquire ends with it; who reads the handle holds the slot.
  test.each([
    'H=$(timeout 10 js-acquire)',
    'H=$(timeout 10 js-acquire | tail -1)',
    'H=$(flock lock js-acquire)',
    'H=$(env A=1 nice js-acquire)',
    'H=$(echo | xargs js-acquire)',
    'H=$(strace -f -o /dev/null js-acquire)',
    'H=$(sh -c js-acquire)',
    'H=$(bash -c "js-acquire --timeout 5" ; true)',
    'H=$(timeout 10 sh -c js-acquire; true)',
    'H=$(python3 -c "import subprocess; subprocess.call([\'js-acquire\'])")',
    'H=$(setsid -w js-acquire)',
    // script(1) runs $SHELL -c: bash becomes the command, dash waits for it.
    'H=$(SHELL=/bin/bash script -qec js-acquire /dev/null | tr -d "\\r")',
    'H=$(SHELL=/bin/dash script -qec js-acquire /dev/null | tr -d "\\r")',
    'H=$(SHELL=/bin/dash script -qec "timeout 9 js-acquire" /dev/null | tr -d "\\r")',
    'dash -c "js-acquire >h"; H=$(cat h)',
    'timeout 10 dash -c "timeout 9 js-acquire >h"; H=$(cat h)',
    'timeout 10 js-acquire >h; H=$(cat h)',
    'X=$(timeout 10 js-acquire); H=$X',
  ])('%j is the shell’s own, not the wrapper’s', async (script) => {
    const { holder, want } = await holderOf(shell, `echo $$ >want\n${script}\necho "$H" >got\n`, '| cat');
    expect(holder).toBe(want);
  });

  // Who reads all that a script prints, as a CI job does, did not call js-acquire.
  test('a script that prints it is the script’s', async () => {
    const script = `X=$(${shell} inner); echo "$X" >got; cat ended`;
    const inner = 'echo $$ >want; js-acquire; cp want ended';
    const { holder, want } = await holderOf(shell, script, '| cat', inner);
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
