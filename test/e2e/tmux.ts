import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished } from 'vitest';
import type { World } from './world.js';

/** A real terminal with an interactive shell in it. */
export interface Terminal {
  /** Types a line and presses Enter. */
  type(line: string): Promise<void>;
  /** Presses a key, as tmux calls it: `C-c`. */
  press(key: string): Promise<void>;
  /** What is to be seen, long lines in one. */
  screen(): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** Hangs up. */
  close(): Promise<void>;
}

const PROMPT = 'ready>';

const SHELLS = {
  bash: ['bash', '--norc', '--noprofile', '-i'],
  zsh: ['zsh', '-f', '-i'],
  dash: ['dash', '-i'],
  fish: ['fish', '--no-config', '-i', '-C', `function fish_prompt; echo '${PROMPT} '; end`],
} as const;

export type Shell = keyof typeof SHELLS;

/**
 * Opens a terminal in a world, in a tmux server of its own; returns when the shell reads. When the test ends it goes, and
 * with it all processes that its shell started.
 */
export async function openTerminal(world: World, shell: Shell = 'bash'): Promise<Terminal> {
  const tmux = async (...args: string[]) => {
    const options = { cwd: world.dir, env: { ...world.env, PS1: `${PROMPT} `, TERM: 'xterm' }, extendEnv: false };
    return (await execa('tmux', ['-S', join(world.dir, 'tmux'), '-f', '/dev/null', ...args], options)).stdout;
  };
  const size = ['-x', '180', '-y', '50'];
  const pid = await tmux('new-session', '-d', ...size, '-P', '-F', '#{pane_pid}', ...SHELLS[shell]);
  const terminal: Terminal = {
    async type(line) {
      await tmux('send-keys', '-l', '--', line);
      await tmux('send-keys', 'Enter');
    },
    async press(key) {
      await tmux('send-keys', key);
    },
    screen: () => tmux('capture-pane', '-p', '-J'),
    async resize(columns, rows) {
      await tmux('resize-window', '-x', String(columns), '-y', String(rows));
    },
    async close() {
      await tmux('kill-server');
    },
  };
  onTestFinished(async () => {
    // The shell leads a session; its jobs are in it, in groups of their own.
    const members = await execa('ps', ['-s', pid, '-o', 'pid='], { reject: false });
    await terminal.close().catch(() => {});
    for (const member of members.stdout.split('\n').map(Number).filter(Boolean)) {
      try {
        process.kill(member, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  });
  await expect.poll(() => terminal.screen(), { timeout: 10_000 }).toContain(PROMPT);
  return terminal;
}
