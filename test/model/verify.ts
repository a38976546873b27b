import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spinDir, withPath } from '../setup/tools.js';

const execute = promisify(execFile);

/** What the verifier found: its message for the first error, or none if all states were seen without one. */
export interface Verdict {
  error: string | undefined;
  states: number;
}

/** What the verifier may take before it gives up. */
const MEMORY_MB = 400;

/**
 * Explores a model exhaustively with spin (spinroot.com/spin/Man/Pan.html).
 * @param model its file's name without .pml
 * @param sizes what is defined in it, as `RUNS=2 MAKES=1 NO_MTIME`
 * @throws Error if not all states could be seen
 */
export async function verify(model: string, sizes: string): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'js-model-'));
  const run = (file: string, args: string[], timeout: number) =>
    execute(file, args, { cwd: folder, env: withPath(spinDir), timeout, killSignal: 'SIGKILL', maxBuffer: 1e8 });
  try {
    const defines = sizes
      .split(' ')
      .filter(Boolean)
      .map((name) => `-D${name}`);
    await run('spin', [...defines, '-a', join(import.meta.dirname, `${model}.pml`)], 30_000);
    // Without -DSAFETY it would look for cycles too; COLLAPSE stores a state in about 20 bytes, and none is thrown away.
    await run('gcc', ['-O1', '-w', '-DSAFETY', '-DCOLLAPSE', `-DMEMLIM=${MEMORY_MB}`, '-o', 'pan', 'pan.c'], 120_000);
    const { stdout } = await run('./pan', ['-m100000', '-w22'], 240_000);
    const states = Number(/([\d.e+]+) states, stored/.exec(stdout)?.[1]);
    const error = /^pan:\d+: (.*?) \(at depth/m.exec(stdout)?.[1];
    const errors = /errors: (\d+)/.exec(stdout)?.[1];
    if (errors === undefined || (errors !== '0') !== (error !== undefined)) throw new Error(stdout);
    if (errors === '0' && /max search depth too small|out of memory|Search not completed/.test(stdout)) {
      throw new Error(stdout);
    }
    return { error, states };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
