import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { makeWorld, type World } from './world.js';

const M = 1024 * 1024;

/** The cgroup of these tests: a limit that they can fill without harm. */
const GROUP_MIB = 600;

/** Where a group with a limit can be made, and the file of the limit; undefined if this user may not, or nothing is mounted. */
const place = [
  { base: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { base: '/sys/fs/cgroup', limit: 'memory.max' },
].find(({ base, limit }) => {
  const folder = join(base, `js-test-${process.pid}`);
  try {
    mkdirSync(folder);
  } catch {
    return false;
  }
  const works = existsSync(join(folder, limit));
  rmdirSync(folder);
  return works;
});

/** Whether a cgroup with a limit can be made. */
export const canLimitMemory = place !== undefined;

let groups = 0;

/** Makes a world whose scripts run in a cgroup with GROUP_MIB, and with `hog MIB CMD...`, which uses memory while CMD runs. */
export function makeLimitedWorld(): World {
  if (place === undefined) throw new Error('no cgroup can be made');
  const folder = join(place.base, `js-test-${process.pid}-${++groups}`);
  mkdirSync(folder);
  writeFileSync(join(folder, place.limit), `${GROUP_MIB * M}`);
  const procs = join(folder, 'cgroup.procs');
  // After the world has ended what ran in it.
  onTestFinished(async () => {
    for (const pid of readFileSync(procs, 'utf8').split('\n').filter(Boolean)) endProcess(Number(pid));
    await expect.poll(() => readFileSync(procs, 'utf8'), { timeout: 5000 }).toBe('');
    rmdirSync(folder);
  });
  const world = makeWorld();
  buildHog(join(world.dir, 'bin/hog'));
  return { ...world, run: (script, options) => world.run(`echo $$ >'${procs}'\n${script}`, options) };
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Compiles a program that uses memory. */
function buildHog(file: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'hog-'));
  const source = join(folder, 'hog.c');
  writeFileSync(
    source,
    `#include <stdlib.h>
     #include <string.h>
     #include <sys/wait.h>
     #include <unistd.h>
     int main(int argc, char **argv) {
       size_t bytes = (size_t)atoi(argv[1]) << 20;
       volatile char *memory = malloc(bytes);
       for (size_t i = 0; i < bytes; i += 1024) memory[i] = 1;
       pid_t child = fork();
       if (child == 0) return execvp(argv[2], argv + 2), 127;
       int status;
       waitpid(child, &status, 0);
       return WEXITSTATUS(status);
     }`,
  );
  execFileSync('gcc', ['-O1', '-o', file, source]);
  rmSync(folder, { recursive: true });
}
