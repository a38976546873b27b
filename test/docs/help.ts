import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from './commands.js';

/** Runs a command with --help, as into a pipe. */
export async function askHelp(
  command: string,
): Promise<{ stdout: string; stderr: string; exitCode: number | undefined }> {
  const { stdout, stderr, exitCode } = await execa(process.execPath, [join(ROOT, `bin/${command}.js`), '--help'], {
    env: { PATH: process.env.PATH },
    extendEnv: false,
    reject: false,
  });
  return { stdout, stderr, exitCode };
}
