import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Takes make's output, gives the targets that it says failed: `*** [Makefile:26: cargo] Error 101`. */
export function failedTargets(output: string): string[] {
  return [...output.matchAll(/\*\*\* \[(?:.*: )?([^\]]+)\] /g)].flatMap(([, target]) => target ?? []);
}

/** The logs of the targets that failed, and make's own. */
export function failedLogs(work: string): string[] {
  const make = join(work, 'make.log');
  const logs = failedTargets(readFileSync(make, 'utf8')).map((target) => join(work, `${target}.log`));
  return [...logs.filter((log) => existsSync(log)), make];
}

/** The last lines of a log under its name. */
export function tailOf(log: string, lines = 15): string {
  const text = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines);
  return [`==> ${log} <==`, ...text, ''].join('\n');
}
