import { execFileSync, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chooseFreeNumbers } from '../../src/process/own-descriptors.js';
import { bundle } from './bundle.js';

test.each([
  [[], undefined, [3, 4]],
  [[0, 1, 2], undefined, [3, 4]],
  [[3], undefined, [4, 5]],
  [[3, 4], undefined, [5, 6]],
  [[4], undefined, [3, 5]],
  [[0, 1, 2, 3, 5, 7], undefined, [4, 6]],
  [[10, 11], undefined, [3, 4]],
  [[6, 5, 4, 3], undefined, [7, 8]],
  [[], [9, 8, 7], [9, 8]],
  [[9], [9, 8, 7], [8, 7]],
  [[9, 7, 255], [9, 8, 7], [8]],
  [[7, 8, 9], [9, 8, 7], []],
])('chooseFreeNumbers(%j, %j) is %j', (used, candidates, free) =>
  expect(chooseFreeNumbers(used, candidates)).toEqual(free),
);

/** Runs a script in a folder with a file, a FIFO and `program`, which is node running `code`. */
function runScript(shell: string, code: string, script: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'js-descriptors-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  writeFileSync(join(folder, 'file'), 'some text');
  // A shell also has open the file that it reads its script from.
  writeFileSync(join(folder, 'script'), script);
  const env = { PATH: process.env.PATH, program: `${process.execPath} ${bundle(code)}` };
  // zsh does not split a variable.
  const args = shell === 'zsh' ? ['-o', 'shwordsplit', 'script'] : ['script'];
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
  return JSON.parse(
    execFileSync('bash', ['-c', CLEAN, '-', shell, ...args], { cwd: folder, env, encoding: 'utf8', stdio }),
  );
}

/** Starts a program without the descriptors that the parent of the tests has left open. */
const CLEAN = 'for fd in $(ls /proc/$$/fd); do ((fd > 2)) && eval "exec $fd>&-"; done; exec "$@"';

describe.each(['bash', 'dash', 'zsh'])('below %s', (shell) => {
  const LIST = `
    import { listInherited } from './process/own-descriptors.js';
    console.log(JSON.stringify(listInherited(process.ppid)));`;

  test.each([
    ['nothing', '$program; exit', []],
    ['files and FIFOs', 'exec 5<file 7<>fifo; $program; exit', [5, 7]],
    ['not what the shell closed again', 'exec 5<file 7<>fifo 5<&-; $program; exit', [7]],
    ['not what is closed to this program', 'exec 5<file 7<>fifo; $program 5<&-; exit', [7]],
    ['what is another here than there', 'exec 5<file 7<>fifo; sh -c "exec $program 5<script"; exit', [5, 7]],
    ['what only this program has', '$program 5<file 7<>fifo; exit', [5, 7]],
    ['no pipe of the shell itself', 'true | { $program; }; exit', []],
    ['the end of a pipe to read from that only this program has', 'true | sh -c "exec $program 5<&0 </dev/null"', [5]],
    ['the end of a pipe to write into that only this program has', 'sh -c "exec $program 6>&1" | cat; exit', [6]],
    // As make 4.3 passes its jobserver on. Without the colon dash would execute the program in its place.
    [
      'both ends of a pipe that the shell has too',
      'true | { exec 5<&0 6>/proc/self/fd/0; $program; :; }; exit',
      [5, 6],
    ],
    ['of these not what is closed here', 'true | { exec 5<&0 6>/proc/self/fd/0; $program 5<&-; :; }; exit', [6]],
    ['the same one twice', 'exec 5<file 6<&5; $program; exit', [5, 6]],
  ])('listInherited() finds %s', (_, script, fds) => expect(runScript(shell, LIST, `${script}\n`)).toEqual(fds));
});

describe('closeInheritable()', () => {
  /** Prints the numbers that a program started by Node gets: those of the folder only. */
  const program = (close: string) => `
    import { execFileSync } from 'node:child_process';
    import { closeInheritable } from './process/own-descriptors.js';
    ${close}
    setTimeout(async () => {
      // Node still works.
      const { readFile } = await import('node:fs/promises');
      const text = await readFile('file', 'utf8');
      const fds = execFileSync('sh', ['-c', 'ls /proc/$$/fd'], { encoding: 'utf8' }).trim().split('\\n').map(Number);
      console.log(JSON.stringify({ text, fds: fds.filter((fd) => fd > 3) }));
    }, 1);`;
  // Node itself makes the low ones close-on-exec, up to the first gap after 15 (uv_disable_stdio_inheritance).
  const SCRIPT = 'exec 5<file 107<>fifo 200>>file; $program; exit\n';

  test('lets a program that we start inherit nothing that we inherited', () => {
    const text = 'some text';
    expect(runScript('bash', program(''), SCRIPT)).toEqual({ text, fds: [107, 200] });
    expect(runScript('bash', program('closeInheritable();'), SCRIPT)).toEqual({ text, fds: [] });
  });

  test('is safe if nothing was inherited', () => {
    expect(runScript('dash', program('closeInheritable(); closeInheritable();'), '$program; exit\n')).toEqual({
      text: 'some text',
      fds: [],
    });
  });
});

test('below Node, whose own descriptors have the same names, listInherited() finds what was inherited', () => {
  const code = `
    import { spawnSync } from 'node:child_process';
    import { openSync } from 'node:fs';
    import { listInherited } from './process/own-descriptors.js';
    if (process.argv[2] === 'child') console.log(JSON.stringify(listInherited(process.ppid)) + ',');
    else {
      const fd = openSync('file', 'r');
      const stdio = ['ignore', 'inherit', 'inherit'];
      for (let index = 3; index < fd; index++) stdio[index] = 'ignore';
      stdio[fd] = fd;
      console.log('[' + fd + ',');
      spawnSync(process.execPath, [__filename, 'child'], { stdio });
      spawnSync(process.execPath, [__filename, 'child'], { stdio: stdio.slice(0, 3) });
      // The child's end of what Node calls a pipe: Node has only the other one.
      spawnSync(process.execPath, [__filename, 'child'], { stdio: [...stdio.slice(0, 3), 'pipe'] });
      console.log('0]');
    }`;
  const [fd, handed, plain, piped] = runScript('bash', code, '$program; exit\n') as unknown[];
  expect(handed).toEqual([fd]);
  expect(plain).toEqual([]);
  expect(piped).toEqual([3]);
});
