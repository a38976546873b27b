import { dirname } from 'node:path';
import { JobserverError } from '../errors.js';

/** What is known of a job before it starts. */
export interface JobInput {
  /** At least one. */
  items: readonly string[];
  /** Counts the jobs, from 1. */
  number: number;
  /** Counts the jobs that run at a time, from 1. */
  slot: number;
  /** How many slots it has; undefined if that is not known yet. */
  slots?: number | undefined;
}

/** A command line with replacement strings. */
export type Template = readonly Word[];

/** One argument: text as it is, and what is put into it. */
interface Word {
  parts: readonly (string | Placeholder)[];
  /** It has a replacement string for the job's items, so there is one argument for each item. */
  repeats: boolean;
}

interface Placeholder {
  /** Which item: 1 is the first, -1 the last; undefined is each in turn. */
  position: number | undefined;
  change: (item: string, job: JobInput) => string;
}

type Quote = (text: string) => string;

const baseOf = (item: string): string => item.slice(item.lastIndexOf('/') + 1);
/** Unlike path.extname(), GNU parallel takes a leading dot for the beginning of an extension. */
const withoutExtension = (item: string): string => item.replace(/\.[^/.]*$/, '');

/** Stands for the number of slots of a job. Unlike the others it says nothing about which job it is. */
const COUNT = '{n}';

/** What may stand between the braces, after the position if there is one. */
const CHANGES: Readonly<Record<string, Placeholder['change']>> = {
  '': (item) => item,
  '.': withoutExtension,
  '/': baseOf,
  '//': (item) => dirname(item),
  '/.': (item) => withoutExtension(baseOf(item)),
  '#': (_, { number }) => String(number),
  '%': (_, { slot }) => String(slot),
  n: (_, { slots }) => String(slots ?? COUNT),
};

/** `{#}`, `{%}` and `{n}` are about the job, and have no position. */
const BRACES = /\{(?:(-?[1-9]\d{0,8})?(\.|\/\/|\/\.|\/|)|([#%n]))\}/;

/** How a command line is to be read. */
export interface TemplateOptions {
  /** The string that stands for an item, `{}` unless -I says otherwise; then `{}` is plain text. */
  replace: string | undefined;
  /** Whether `{n}` stands for the number of slots. */
  hasCount: boolean;
}

/**
 * Parses a command line. Without any replacement string for items or jobs, one for the items follows at its end.
 * @throws JobserverError 'usage' if the replacement string is empty
 */
export function parseTemplate(words: readonly string[], { replace = '{}', hasCount }: TemplateOptions): Template {
  if (replace === '') throw new JobserverError('usage', '-I: the replacement string must not be empty');
  const escaped = replace.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const pattern = new RegExp(`${escaped}|${BRACES.source}`, 'g');
  const template = words.map((word) => parseWord(word, pattern, replace, hasCount));
  const isPlain = template.every(({ parts }) =>
    parts.every((part) => typeof part === 'string' || part.change === CHANGES.n),
  );
  return isPlain ? [...template, parseWord(replace, pattern, replace, hasCount)] : template;
}

function parseWord(word: string, pattern: RegExp, replace: string, hasCount: boolean): Word {
  const parts: (string | Placeholder)[] = [];
  let repeats = false;
  let end = 0;
  for (const { 0: found, 1: position, 2: change, 3: ofJob, index } of word.matchAll(pattern)) {
    const key = found === replace ? '' : (change ?? ofJob ?? '');
    // Plain text for whoever has chosen another string.
    if ((found === '{}' && replace !== '{}') || (found === COUNT && !hasCount)) continue;
    repeats ||= ofJob === undefined && position === undefined;
    parts.push(word.slice(end, index), {
      position: ofJob === undefined ? (position === undefined ? undefined : Number(position)) : 1,
      change: CHANGES[key] as Placeholder['change'],
    });
    end = index + found.length;
  }
  return { parts: [...parts, word.slice(end)].filter((part) => part !== ''), repeats };
}

/**
 * Makes the arguments of one job. An argument with a replacement string for the items is there once for each item, as in GNU
 *   parallel: `x{}` with the items a and b is `xa xb`. A position that the job has no item for is empty.
 * @param quote changes what is put in, for a shell
 */
export function fillTemplate(template: Template, job: JobInput, quote: Quote = (text) => text): string[] {
  const fill = ({ parts }: Word, current: string): string =>
    parts
      .map((part) => {
        if (typeof part === 'string') return part;
        const item = part.position === undefined ? current : job.items.at(part.position - (part.position > 0 ? 1 : 0));
        return quote(part.change(item ?? '', job));
      })
      .join('');
  return template.flatMap((word) => (word.repeats ? job.items.map((item) => fill(word, item)) : [fill(word, '')]));
}
