import { isJobserverError } from '../errors.js';
import { readEnvironment } from './process-environment.js';

let numeric: Record<string, string> | undefined;

/** Reads the variables whose names are numbers, which Node leaves out of process.env. */
export function readNumericVariables(): Readonly<Record<string, string>> {
  if (numeric !== undefined) return numeric;
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of readOwnEnvironment().matchAll(/(?<=^|\0)(\d+)=([^\0]*)/g))
    found[name] = value;
  numeric = found;
  return found;
}

function readOwnEnvironment(): string {
  try {
    return readEnvironment(process.pid) ?? '';
  } catch (error) {
    // Nothing is left to read it with: a job without these variables is better than no job.
    if (isJobserverError(error)) return '';
    throw error;
  }
}
