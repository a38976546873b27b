import { closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { attempt, errorCode } from '../errors.js';

/**
 * What a job writes, in two files without a name. With a pipe, the job would wait for us if nobody read what we print, and would
 * end of SIGPIPE if we were killed; and programs that open /dev/stderr cannot open what Node has for a pipe, which is a socket.
 */
export interface OutputFiles {
  stdout: number;
  stderr: number;
}

/** O_TMPFILE of open(2), which Node does not name: a file that never has a name. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** For appending, so that a program that truncates its output goes on at its new end. */
const APPEND = constants.O_RDWR | constants.O_APPEND;

/**
 * Opens the files of a job.
 * @param folder where there is room for what the jobs write
 * @throws JobserverError 'failed'
 */
export function openOutputFiles(folder: string): OutputFiles {
  const stdout = openNameless(folder);
  try {
    return { stdout, stderr: openNameless(folder) };
  } catch (error) {
    closeSync(stdout);
    throw error;
  }
}

export function closeOutputFiles({ stdout, stderr }: OutputFiles): void {
  closeSync(stdout);
  closeSync(stderr);
}

/** Returns how many bytes are in a file. */
export const sizeOf = (fd: number): number => fstatSync(fd).size;

let files = 0;

function openNameless(folder: string): number {
  return attempt('create a file for output in', folder, () => {
    try {
      return openSync(folder, O_TMPFILE | APPEND, 0o600);
    } catch (error) {
      // Not every file system can do that.
      if (!['EOPNOTSUPP', 'EISDIR', 'ENOENT', 'EINVAL'].includes(errorCode(error) ?? '')) throw error;
      const file = `${folder}/js-each-${process.pid}-${++files}-${Date.now().toString(36)}`;
      const fd = openSync(file, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600);
      unlinkSync(file);
      return fd;
    }
  });
}
