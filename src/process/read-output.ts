import { execa } from 'execa';
import type { Env } from '../environment.js';

/** What came of a program. */
export interface Output {
  failed: boolean;
  /** Undefined if it did not run to its end. */
  status: number | undefined;
  stdout: string;
  stderr: string;
  /** The system's error code if it could not be started. */
  code: string | undefined;
}

/** How long a program may take that only prints a version or makes a FIFO. */
const TIMEOUT_MS = 10_000;

/**
 * Runs a small program to its end, without input.
 * @param env all of its environment
 */
export async function readOutput(file: string, args: readonly string[], env: Env): Promise<Output> {
  const { failed, stdout, stderr, code, exitCode } = await execa(file, args, {
    // Our own, by a path that exists even if somebody has removed the folder.
    cwd: '/proc/self/cwd',
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
  });
  return { failed, status: exitCode, stdout: stdout ?? '', stderr: stderr ?? '', code };
}
