import { join } from 'node:path';
import { ctest331Dir, make43, make441Dir, ninja113Dir, ninjaPypiDir } from '../../setup/tools.js';

/** A tool that js-run starts, with a project of six jobs or a few more. */
export interface Inner {
  name: string;
  /** Whether it can join the pool, or else runs one job at a time in the slot that js-run has. */
  joins: boolean;
  /**
   * @param projects the folder of all projects
   * @param cell a new folder, for what the tool would not make a second time
   * @returns its command line; no word holds a blank
   */
  words(projects: string, cell: string): string[];
}

const makeIn = (program: string) => (projects: string) => [program, '-s', '-C', join(projects, 'make')];
// Each version keeps a log of its own in there, which another warns of.
const ninjaIn = (program: string, folder: string) => (projects: string) => [
  program,
  '--quiet',
  '-C',
  join(projects, folder),
];
const cmakeIn = (folder: string) => (projects: string) => ['cmake', '--build', join(projects, 'cmake', folder)];

export const INNERS: readonly Inner[] = [
  { name: 'make 4.3', joins: true, words: makeIn(make43) },
  { name: 'make 4.4.1', joins: true, words: makeIn(join(make441Dir, 'make')) },
  { name: 'ninja 1.11', joins: false, words: ninjaIn('ninja', 'ninja-1.11') },
  { name: 'ninja 1.13.2 (Debian)', joins: true, words: ninjaIn(join(ninja113Dir, 'ninja'), 'ninja-1.13') },
  { name: 'ninja 1.13.2 (PyPI)', joins: true, words: ninjaIn(join(ninjaPypiDir, 'ninja'), 'ninja-pypi') },
  {
    name: 'cargo',
    joins: true,
    words: (projects, cell) => {
      const folder = join(projects, 'cargo');
      const places = ['--manifest-path', join(folder, 'Cargo.toml'), '--target-dir', join(cell, 'target')];
      return ['cargo', 'check', '--quiet', '--offline', ...places, '--config', join(folder, 'wrapper.toml')];
    },
  },
  {
    name: 'gcc -flto=jobserver',
    joins: true,
    words: (projects, cell) => {
      const objects = ['main', 'leaf1', 'leaf2', 'leaf3', 'leaf4', 'leaf5', 'leaf6'];
      const files = objects.map((name) => join(projects, 'gcc', `${name}.o`));
      // A partition for each object; -B finds the lto1 that is a recorded job.
      const options = ['-flto=jobserver', '-flto-partition=1to1', `-B${join(projects, 'gcc/bin')}/`];
      return ['gcc', ...options, ...files, '-o', join(cell, 'program')];
    },
  },
  {
    name: 'ctest 3.31',
    joins: true,
    // Without -j it runs one test at a time; with -j in a pool, as many as it gets slots for (ctest manual, "Job Server Integration").
    words: (projects) => [join(ctest331Dir, 'ctest'), '--test-dir', join(projects, 'ctest'), '-j'],
  },
  { name: 'cmake --build, make 4.3', joins: true, words: cmakeIn('make') },
  { name: 'cmake --build, ninja 1.11', joins: false, words: cmakeIn('ninja-1.11') },
  { name: 'cmake --build, ninja 1.13.2', joins: true, words: cmakeIn('ninja-1.13') },
  {
    name: 'go',
    joins: false,
    words: (projects) => {
      const folder = join(projects, 'go');
      return ['go', 'build', '-C', folder, '-toolexec', join(folder, 'tool'), './...'];
    },
  },
];
