import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where `npm run standalone` puts the executable. */
export const EXECUTABLE = join(import.meta.dirname, '../../dist/standalone/jobserver-tools');

/**
 * Installs the executable.
 * @param prefix a folder that need not be there
 * @throws if there is no executable
 */
export function installStandalone(prefix: string): void {
  if (!existsSync(EXECUTABLE)) throw new Error(`there is no ${EXECUTABLE}: run npm run standalone`);
  execFileSync(EXECUTABLE, ['install', '--prefix', prefix]);
}

/** vitest's global set-up for tests of what is installed. */
export default function install(): void {
  installStandalone(join(EXECUTABLE, '../prefix'));
}
