import { execa } from 'execa';
import type { Env } from '../environment.js';

/** What a program that ran to its end left. */
export interface Output {
  failed: boolean;
  /** undefined where it did not run to its end. */
  status: number | undefined;
  stdout: string;
  stderr: string;
  /** The system's error code where it could not be started. */
  code: string | undefined;
}

/** Milliseconds that a program may take that only prints a version or makes a FIFO. */
const PATIENCE = 10_000;

/**
 * Runs a small program to its end, without input.
 * @param env all of its environment
 */
export async function readOutput(file: string, args: readonly string[], env: Env): Promise<Output> {
  const { failed, stdout, stderr, code, exitCode } = await execa(file, args, {
    // Of ourselves, by a path that is there also if somebody has removed the folder.
    cwd: '/proc/self/cwd',
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: PATIENCE,
  });
  return { failed, status: exitCode, stdout: stdout ?? '', stderr: stderr ?? '', code };
}
