import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { COMMANDS, ROOT } from './commands.js';

/** What a shell offers at the end of a line. */
export interface Candidate {
  word: string;
  /** The description next to it. */
  text: string;
}

export const SHELLS = ['bash', 'fish', 'zsh'] as const;

export type Shell = (typeof SHELLS)[number];

type Env = Readonly<Record<string, string>>;

/**
 * Completes lines at their ends, all in one real shell, in a folder that has just `a.fifo`.
 * @param more variables for the shell
 * @returns the candidates of each line
 * @throws if the shell is missing, or reports an error in our file
 */
export async function complete(shell: Shell, lines: readonly string[], more: Env = {}): Promise<Candidate[][]> {
  const dir = mkdtempSync(join(tmpdir(), 'js-'));
  try {
    for (const folder of ['bin', 'linked', 'home', 'work']) mkdirSync(join(dir, folder));
    // Twice, as if `npm link` had put them on PATH, too.
    for (const folder of ['bin', 'linked'])
      for (const { name } of COMMANDS) symlinkSync(join(ROOT, `bin/${name}.js`), join(dir, folder, name));
    await execa('mkfifo', [join(dir, 'work/a.fifo')]);
    const parts = (await ask(shell, lines, dir, more)).split(/^# (.*)\n/m).slice(1);
    return lines.map((line, index) => {
      if (parts[2 * index] !== line) throw new Error(`${shell} did not come to '${line}':\n${parts.join('\n')}`);
      const rows = (parts[2 * index + 1] ?? '').split('\n').filter(Boolean);
      return rows.map((row) => row.split('\t')).map(([word = '', text = '']) => ({ word, text }));
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Formats each line after `# `, and below it a row for each candidate: the word, a tab, the text. */
async function ask(shell: Shell, lines: readonly string[], dir: string, more: Env): Promise<string> {
  const driver = join(import.meta.dirname, `complete.${shell}`);
  const home = join(dir, 'home');
  const env = {
    PATH: `${dir}/bin:${dir}/linked:${process.env.PATH}`,
    HOME: home,
    LC_ALL: 'C.UTF-8',
    TERM: 'xterm',
    COMPLETIONS: join(ROOT, 'completions'),
    ...more,
  };
  const cwd = join(dir, 'work');
  if (shell === 'bash') return run('bash', ['--norc', '--noprofile', driver, ...lines], cwd, env);
  if (shell === 'fish') return run('fish', ['--no-config', driver, ...lines], cwd, env);
  symlinkSync(driver, join(home, '.zshrc'));
  const results = join(home, 'results');
  // The outer shell is the terminal of the inner one, and waits for its end.
  const terminal = 'zmodload zsh/zpty && zpty inner zsh -d -i && while zpty -r inner; do :; done >/dev/null';
  await run('zsh', ['-f', '-c', terminal], cwd, { ...env, RESULTS: results, TO_COMPLETE: lines.join('\n') });
  return readFileSync(results, 'utf8');
}

async function run(shell: Shell, args: readonly string[], cwd: string, env: Env): Promise<string> {
  const { stdout, stderr } = await execa(shell, args, {
    cwd,
    env,
    extendEnv: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    timeout: 60_000,
  });
  if (stderr !== '') throw new Error(`${shell}: ${stderr}`);
  return stdout;
}
