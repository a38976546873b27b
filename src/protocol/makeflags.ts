/** One word of MAKEFLAGS: as it is written, and without make's quoting. */
interface Word {
  raw: string;
  text: string;
}

/** The value of MAKEFLAGS, parsed. */
export interface MakeFlags {
  /** Options before the word `--`; the first may be a bundle of single letters without a dash. */
  words: Word[];
  /** The variable definitions, raw and with the `--` that leads them; empty if there are none. */
  tail: string;
}

/** Short options of make that take an argument, so that what follows in the same word is no option (make(1)). */
const WITH_ARGUMENT = 'CEIOWfjlo';

/**
 * Splits MAKEFLAGS as make does (decode_env_switches in GNU make's main.c): blanks part words, a backslash quotes
 * whatever follows, and the word `--` ends the options (PROTOCOL 2, 3).
 */
export function parseMakeFlags(value = ''): MakeFlags {
  const words: Word[] = [];
  for (const match of value.matchAll(WORDS)) {
    const raw = match[0];
    if (raw === '--') return { words, tail: value.slice(match.index) };
    words.push(parseWord(raw));
  }
  return { words, tail: '' };
}

const WORDS = /(?:[^ \t\\]|\\[\s\S]|\\$)+/g;

const parseWord = (raw: string): Word => ({ raw, text: raw.replace(/\\([\s\S])/g, '$1') });

/** The start of a word that mergeMakeFlags() puts into the tail: a variable for make, and the last auth for all others. */
const TAIL_AUTH = '--jobserver-auth=fifo:';

const isTailAuth = ({ text }: Word): boolean => text.startsWith(TAIL_AUTH);

/** A word of the tail, with the blanks before it. */
const TAIL_WORDS = new RegExp(`[ \\t]+(${WORDS.source})`, 'g');

const tailWords = (tail: string): Word[] => [...tail.matchAll(TAIL_WORDS)].map(([, raw = '']) => parseWord(raw));

/** Finds the letters of the short options in a word, up to and including the first that takes an argument. */
function shortOptions(word: Word, index: number): string {
  const bare = index === 0 && !word.text.startsWith('-') && !word.text.includes('=');
  if (!bare && !/^-[A-Za-z]/.test(word.text)) return '';
  const letters = bare ? word.text : word.text.slice(1);
  const end = [...letters].findIndex((letter) => WITH_ARGUMENT.includes(letter));
  return end < 0 ? letters : letters.slice(0, end + 1);
}

/** Returns whether make was asked to print, question or touch only: -n, -q or -t (PROTOCOL 4). */
export function isDryRun(flags: MakeFlags): boolean {
  return flags.words.some(
    (word, index) =>
      /[nqt]/.test(shortOptions(word, index)) || /^--(just-print|dry-run|recon|question|touch)$/.test(word.text),
  );
}

/** Finds every advertised auth (`fifo:PATH`, `3,4`); the last one counts (PROTOCOL 1). */
export function findAuths(flags: MakeFlags): string[] {
  const valuesOf = (option: string) =>
    flags.words.filter((word) => word.text.startsWith(option)).map((word) => word.text.slice(option.length));
  const auths = valuesOf('--jobserver-auth=');
  return auths.length > 0 ? auths : valuesOf('--jobserver-fds=');
}

/** Finds the auth behind the `--` (`fifo:PATH`), which most programs but make take for the one that counts. */
export function findTailAuth({ tail }: MakeFlags): string | undefined {
  return tailWords(tail).findLast(isTailAuth)?.text.slice('--jobserver-auth='.length);
}

/** Finds the N of the last `-jN`; undefined if there is none or it has no number. */
export function findJobCount(flags: MakeFlags): number | undefined {
  const counts = flags.words
    .map((word, index) => {
      if (takesCount(word, index)) return /^\d+$/.exec(flags.words[index + 1]?.text ?? '')?.[0];
      if (!shortOptions(word, index).endsWith('j')) return /^--jobs=(\d+)$/.exec(word.text)?.[1];
      return /j(\d+)$/.exec(word.text)?.[1];
    })
    .filter(Boolean);
  const last = counts.at(-1);
  return last === undefined ? undefined : Number(last);
}

/** Returns whether a number in the next word would be the argument of this one: `-j 4`, `--jobs 4`, `kj 4`. */
function takesCount(word: Word | undefined, index: number): boolean {
  return (
    word !== undefined &&
    (word.text === '--jobs' || (word.text.endsWith('j') && shortOptions(word, index).endsWith('j')))
  );
}

/** Leaves out of the words all options about jobs and jobservers. */
function withoutJobs(words: Word[]): string[] {
  const kept: string[] = [];
  words.forEach((word, index) => {
    const previous = words[index - 1];
    if (/^--(jobserver-(auth|fds)|jobs)(=|$)/.test(word.text)) return;
    // `-j 4` is two words, and so is `--jobs 4`.
    if (/^\d+$/.test(word.text) && takesCount(previous, index - 1)) return;
    if (!shortOptions(word, index).endsWith('j')) {
      kept.push(word.raw);
      return;
    }
    const rest = word.raw.replace(/j\d*$/, '');
    if (rest !== '-' && rest !== '') kept.push(rest);
  });
  return kept;
}

/** What mergeMakeFlags() advertises. */
export interface PoolFlags {
  /** N. */
  jobs: number;
  /** The auth among the options, which is all that a make reads. */
  auth: string;
  /** Whether it is spelled for make before 4.2. */
  old?: boolean;
  /**
   * Another auth, `fifo:PATH`, behind the `--`. A make takes it for the definition of a variable, and passes it on to its
   * recipes; ninja, cargo, gcc and ctest take the last auth in the text, wherever it stands (PROTOCOL 3).
   */
  tailAuth?: string | undefined;
}

/**
 * Puts a pool into MAKEFLAGS, or takes it out, and keeps all else that the caller had there (PROTOCOL 9, 10).
 * @param flags what MAKEFLAGS holds
 * @param pool what to advertise; undefined takes every `-j` and auth out
 * @returns the new value, in the layout that make itself uses: letters, then options, then variables
 */
export function mergeMakeFlags({ words, tail: former }: MakeFlags, pool?: PoolFlags): string {
  const tail = mergeTail(former, pool?.tailAuth);
  const kept = withoutJobs(words);
  const first = kept[0];
  const letters = first !== undefined && !first.startsWith('-') && !first.includes('=') ? first : '';
  const others = letters === '' ? kept : kept.slice(1);
  const added = pool === undefined ? [] : advertise(pool);
  const all = [...added, ...others, ...(tail === '' ? [] : [tail])];
  if (all.length === 0) return letters;
  // Without letters the value begins with a blank, as make's own does.
  return [letters, ...all].join(' ');
}

/** Puts an auth at the end of the tail, or takes out one that we have put there, and keeps all else word for word. */
function mergeTail(tail: string, auth: string | undefined): string {
  const kept = tail.replace(TAIL_WORDS, (match, raw: string) => (isTailAuth(parseWord(raw)) ? '' : match));
  if (auth === undefined) return kept === '--' ? '' : kept;
  return `${kept || '--'} --jobserver-auth=${quoteWord(auth)}`;
}

function advertise({ jobs, auth, old }: PoolFlags): string[] {
  // A make before 4.2 leaves the jobserver for any -jN in its environment.
  return old ? [`--jobserver-fds=${auth}`, '-j'] : [`-j${jobs}`, `--jobserver-auth=${quoteWord(auth)}`];
}

/** Quotes a word as make does (quote_for_env in GNU make's main.c). */
export function quoteWord(text: string): string {
  return text.replace(/[ \t\\]/g, '\\$&').replaceAll('$', '$$$$');
}

/** Returns the first character that MAKEFLAGS, and scripts that split it unquoted, do not carry as it is. */
export const findUnsafeCharacter = (path: string): string | undefined =>
  /[^\p{L}\p{M}\p{N}_./:@%+=,~^-]/u.exec(path)?.[0];
