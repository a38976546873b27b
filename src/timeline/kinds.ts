import type { TraceSpan } from './parse-trace.js';

/** Returns what kind of command it is: the name of its program. */
export function kindOf({ command }: Pick<TraceSpan, 'command'>): string {
  const [word = ''] = command.split(' ');
  return word.slice(word.lastIndexOf('/') + 1) || '?';
}

/** Lists the kinds of commands, the one that has used most time first. */
export function listKinds(jobs: readonly TraceSpan[]): string[] {
  const used = new Map<string, number>();
  for (const job of jobs) used.set(kindOf(job), (used.get(kindOf(job)) ?? 0) + job.endUs - job.startUs);
  return [...used].sort(([, one], [, other]) => other - one).map(([kind]) => kind);
}
