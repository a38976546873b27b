import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** Starts a real process in a process group of its own, which ends with the test. */
export function start(file: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(file, args, { stdio: 'ignore', ...options, detached: true });
  onTestFinished(async () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await once(child, 'exit');
  });
  return child;
}

/** Reads the pids in the first line that a child prints. */
export async function readPids(child: ChildProcess): Promise<number[]> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  while (!text.includes('\n')) await once(child.stdout as NodeJS.EventEmitter, 'data');
  return text.trim().split(/\s+/).map(Number);
}
