import { describe, expect, it } from 'vitest';
import type { OptionSpec } from '../../src/cli/command-line.js';
import { OVERRIDING, THREAD_VARIABLES } from '../../src/tools/table.js';
import { COMMANDS, flagsOf, optionsOf } from './commands.js';
import { type Candidate, complete, SHELLS, type Shell } from './completion.js';

/** Completes the lines, which are the keys; the values are the words that should be offered, in any order. */
async function expectWords(shell: Shell, expected: Record<string, readonly string[]>, env = {}): Promise<void> {
  const sorted = (words: readonly string[]) => [...words].sort();
  const lines = Object.keys(expected);
  const found = await complete(shell, lines, env);
  // fish also offers a process whose name begins like the word, and other tests run such.
  const wordsOf = (candidates: Candidate[] = []) =>
    candidates.map(({ word }) => word).filter((word) => !/^\d+$/.test(word));
  const words = lines.map((line, index) => [line, sorted(wordsOf(found[index]))]);
  expect(Object.fromEntries(words)).toEqual(
    Object.fromEntries(lines.map((line) => [line, sorted(expected[line] ?? [])])),
  );
}

/** A command with one of the forms of one of its options: `js-run -n`. */
interface Flag extends OptionSpec {
  line: string;
  /** What the command has behind its options. */
  operands: string;
}

const FLAGS: readonly Flag[] = COMMANDS.flatMap(({ name, operands, options }) =>
  options.flatMap((option) => flagsOf(option).map((flag) => ({ ...option, line: `${name} ${flag}`, operands }))),
);

describe.each(SHELLS)('completion in %s', (shell) => {
  it.each([
    ['js-run --no-w', ['--no-wait']],
    ['js-run js-acq', ['js-acquire']],
    ['js-run -- js-acq', ['js-acquire']],
    ['js-run -n 2 -- js-acq', ['js-acquire']],
    ['js-run --auth=pipe js-acq', ['js-acquire']],
    ['js-create -j 4 js-acq', ['js-acquire']],
    ['js-create -vj 4 js-acq', ['js-acquire']],
    // Options end at the first operand.
    ['js-run js-acquire --req', []],
    ['js-run -- --req', []],
    ['js-env --auth=p', [shell === 'fish' ? '--auth=pipe' : 'pipe']],
    ['js-create --owner no', ['none']],
    ['js-run --fifo ', ['a.fifo']],
    ['js-create --fifo a', ['a.fifo']],
    ['js-release ', []],
    ['js-release a', []],
  ])('of %j is %j', (line, words) => expectWords(shell, { [line]: words }));

  it('knows which options have a value', async () => {
    const valued = FLAGS.filter(({ value }) => value !== undefined);
    await expectWords(shell, Object.fromEntries(valued.map(({ line }) => [`${line} 1 --versi`, ['--version']])));
  });

  it('knows after which options a command can follow', async () => {
    const flags = FLAGS.filter(({ operands }) => operands.includes('COMMAND'));
    const wordsBehind = ({ value }: Flag) => (value === undefined ? ['js-acquire'] : []);
    await expectWords(shell, Object.fromEntries(flags.map((flag) => [`${flag.line} js-acq`, wordsBehind(flag)])));
  });

  it('knows the words that a value can be', async () => {
    const lines = FLAGS.flatMap(({ line, choices }) => (choices ? [[`${line} `, choices]] : []));
    expect(lines).not.toEqual([]);
    await expectWords(shell, Object.fromEntries(lines));
  });

  it.each([
    ['js-run --keep-env ', [...OVERRIDING, ...THREAD_VARIABLES]],
    ['js-create --keep-env MAX_JOBS,MAKEO', ['MAKEOPTS']],
    ['js-env --keep-env=MAX_JOBS,MAKEO', ['MAKEOPTS']],
  ])('of %j is the last variable', async (line, variables) => {
    const [found = []] = await complete(shell, [line]);
    expect(found.map(({ word }) => word.replace(/.*[=,]/, '')).sort()).toEqual([...variables].sort());
  });

  it('has processes for --owner', async () => {
    const isPid = ({ word }: Candidate) => /^\d+$/.test(word);
    const found = await complete(shell, ['js-acquire --owner ', 'js-create --owner ']);
    for (const candidates of found) expect(candidates.filter(isPid)).not.toEqual([]);
    const others = found.map((candidates) => candidates.filter((each) => !isPid(each)).map(({ word }) => word));
    expect(others).toEqual([[], ['none']]);
  });
});

it.each(['fish', 'zsh'] as const)('%s says what each option is for', async (shell) => {
  const long = COMMANDS.flatMap((command) => optionsOf(command).map(({ name }) => `${command.name} --${name}`));
  const found = await complete(shell, long);
  const told = long.filter((line, index) => {
    const flag = line.split(' ')[1];
    const text = found[index]?.find(({ word }) => word === flag)?.text ?? '';
    return text.replace(/^.* -- /, '').length > 8;
  });
  expect(told).toEqual(long);
});

it.each(['fish', 'zsh'] as const)('%s completes the arguments of a command in the way of that command', (shell) =>
  expectWords(shell, {
    'js-run js-run --no-w': ['--no-wait'],
    'js-run -n 2 js-create --all': ['--all-tokens'],
    'js-create -- js-run --auth p': ['pipe'],
  }),
);

it('bash leaves the arguments of a command to bash-completion, if that is loaded', () =>
  expectWords(
    'bash',
    {
      'js-run make --x': ['offset 1'],
      'js-run -n 2 -- make ': ['offset 4'],
      'js-run --auth=pipe ma': ['offset 4'],
      'js-create -j 2 ma': ['offset 3'],
      'js-acquire ma': [],
    },
    { WITH_BASH_COMPLETION: 'yes' },
  ));
