import { join } from 'node:path';
import { make441Dir, ninja113Dir } from '../../setup/tools.js';
import type { World } from '../world.js';

/** A tool with one job, `js-run -- INNER`, that has four slots. */
export interface Outer {
  name: string;
  /** The folder to put first on PATH: its own version is the one that the jobs find there too. */
  path?: string;
  /**
   * Writes what it builds. What the job says on stderr goes to the file `inner.stderr`.
   * @param words the job's command line
   * @param projects the folder of all projects
   * @returns a script that starts it and prints ALL_SLOTS if all went well
   */
  script(world: World, words: readonly string[], projects: string): string;
}

/** Says what a session of a pool has in the end: its claims, and whether it can take four slots and no fifth. */
const COUNT_SLOTS = `
ls "$XDG_RUNTIME_DIR"/jobserver-tools/*/claims
js-acquire --no-wait -n 4 >/dev/null && echo 'four slots'
js-acquire --no-wait >/dev/null 2>&1 && echo 'five slots'
js-release
`;

/** What a script prints if nothing was lost. */
export const ALL_SLOTS = 'four slots\n';

/** Returns a script that runs a command in a pool of js-create, and then counts the slots. */
function inPool(world: World, command: string, options = ''): string {
  world.file('session', `#!/bin/sh\n${command} >/dev/null\nstatus=$?\n${COUNT_SLOTS}exit $status\n`);
  return `js-create -j 4 ${options} -- ./session`;
}

/** A make, whose recipe's line begins with a prefix. It counts its tokens itself, and complains. */
const makeOf = (version: string, prefix: '' | '+', options: string, path?: string): Outer => ({
  name: `make ${version}, ${prefix ? 'with +' : 'without +'}`,
  ...(path === undefined ? {} : { path }),
  script(world, words) {
    world.file('Makefile', `all:\n\t${prefix}${words.join(' ')} 2>inner.stderr\n`);
    return `make -s -j4 ${options} >/dev/null && echo 'four slots'`;
  },
});

export const OUTERS: readonly Outer[] = [
  makeOf('4.3', '', ''),
  makeOf('4.3', '+', ''),
  makeOf('4.4.1', '', '', make441Dir),
  makeOf('4.4.1', '+', '', make441Dir),
  makeOf('4.4.1 with a pipe', '', '--jobserver-style=pipe', make441Dir),
  makeOf('4.4.1 with a pipe', '+', '--jobserver-style=pipe', make441Dir),
  { name: 'js-create', script: (world, words) => inPool(world, `${words.join(' ')} 2>inner.stderr`) },
  {
    name: 'ninja 1.13.2',
    script(world, words) {
      world.file('build.ninja', `rule job\n  command = ${words.join(' ')} 2>inner.stderr\nbuild all: job\n`);
      // It understands no pair, which a session would be told of for the machine's make.
      return inPool(world, `${join(ninja113Dir, 'ninja')} --quiet`, '--auth fifo');
    },
  },
  {
    name: 'cargo build script',
    script(world, words, projects) {
      const env = `INNER="${words.join(' ')}" INNER_STDERR=${world.dir}/inner.stderr`;
      return inPool(
        world,
        `${env} cargo check --quiet --offline --manifest-path ${join(projects, 'outer/Cargo.toml')}`,
      );
    },
  },
];
