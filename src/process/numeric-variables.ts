import { isJobserverError } from '../errors.js';
import { readEnvironment } from './process-table.js';

/** @returns the variables that we were started with and that Node leaves out of process.env: those whose names are numbers */
export function readNumbered(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of readOwn().matchAll(/(?<=^|\0)(\d+)=([^\0]*)/g)) found[name] = value;
  return found;
}

function readOwn(): string {
  try {
    return readEnvironment(process.pid) ?? '';
  } catch (error) {
    // Too little is left to look: who needs such a name can do without a job that does not run at all.
    if (isJobserverError(error)) return '';
    throw error;
  }
}
