/** A number of jobs in a command line: `-j4`, `-kj4`, `-j 4`, `--jobs=4`, `--parallel 4`, go's `-p 4`, or without a number. */
export interface JobsOption {
  /** The index of its word. */
  index: number;
  /** How many words it takes. */
  size: 1 | 2;
  /** As it is written. */
  text: string;
  /** Infinity if it has no number, or 0, which is no limit for ninja. */
  count: number;
}

/**
 * Finds the options that give a number of jobs.
 * @param pattern matches the word of such an option
 * @param end the index of the word at which the options end
 */
export function findJobsOptions(words: readonly string[], pattern: RegExp, end = words.length): JobsOption[] {
  const options: JobsOption[] = [];
  for (let index = 1; index < end; index++) {
    const word = words[index] ?? '';
    if (!pattern.test(word)) continue;
    const next = words[index + 1] ?? '';
    const [own] = /\d+$/.exec(word) ?? [];
    const isNext = own === undefined && !word.includes('=') && index + 1 < end && /^\d+$/.test(next);
    const number = Number(isNext ? next : own);
    options.push({ index, size: isNext ? 2 : 1, text: isNext ? `${word} ${next}` : word, count: number || Infinity });
    if (isNext) index++;
  }
  return options;
}

/** Puts a number of jobs into every such option; a count of undefined takes the options out. */
export function replaceJobs(
  words: readonly string[],
  options: readonly JobsOption[],
  count: number | undefined,
): string[] {
  const copy: (string | undefined)[] = [...words];
  for (const { index, size } of options) {
    const word = words[index] ?? '';
    // Letters before the j, as in -kj4, are other options.
    const [, letters = ''] = /^-(\w*)j\d*$/.exec(word) ?? [];
    const option = GO_OPTION.test(word) ? '-p=' : `-${letters}j`;
    const rest = letters === '' ? undefined : `-${letters}`;
    copy[index] = count === undefined ? rest : `${option}${count}`;
    if (size === 2) copy[index + 1] = undefined;
  }
  return copy.filter((word) => word !== undefined);
}

const GO_OPTION = /^--?p(=|$)/;
