import { fillTemplate, type JobInput, parseTemplate, type TemplateOptions } from './template.js';

/** Makes the words of one job's command line. */
export type Fill = (job: JobInput) => readonly string[];

/**
 * Parses a command line with replacement strings.
 * @param isForShell whether a shell is to run it, as one text
 * @throws as parseTemplate()
 */
export async function makeFill(words: readonly string[], options: TemplateOptions, isForShell: boolean): Promise<Fill> {
  if (!isForShell) {
    const template = parseTemplate(words, options);
    return (job) => fillTemplate(template, job);
  }
  // Loaded only here, because most command lines need no shell.
  const { quote } = await import('shell-quote');
  // As in GNU parallel, what is repeated for each item reaches from blank to blank.
  const template = parseTemplate(words.join(' ').split(' '), options);
  return (job) => ['sh', '-c', fillTemplate(template, job, (text) => quote([text])).join(' ')];
}
