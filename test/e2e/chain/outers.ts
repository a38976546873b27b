import { dirname } from 'node:path';
import { make43, make441Dir } from '../../setup/tools.js';
import type { World } from '../world.js';

/** How a person starts several builds at once, with four slots for all of them. */
export interface Outer {
  name: string;
  /** Of the make that is first on PATH, with which the commands choose how to advertise the pool. */
  makeDir: string;
  /** Whether others show the same of builds that take long. */
  isAlike?: boolean;
  /**
   * @param targets what is to be built
   * @param command what builds the target of its last word, which is to come
   * @returns a script that builds all and prints ALL_BACK if no slot was lost and none is too many
   */
  script(world: World, targets: readonly string[], command: string): string;
}

/** What a script prints if nothing was lost: a make counts its tokens itself, and complains on stderr. */
export const ALL_BACK = 'all back\n';

const COUNT = `
js-acquire --no-wait -n 4 >/dev/null && ! js-acquire --no-wait >/dev/null 2>&1 && echo 'all back'
js-release
`;

const MAKE_43 = dirname(make43);

/** Returns an outer whose recipes are as plain as the README's. */
const recipesOf = (name: string, makeDir: string, options = ''): Outer => ({
  name,
  makeDir,
  script(world, targets, command) {
    const goals = targets.join(' ');
    world.file('Makefile', `.PHONY: ${goals}\nall: ${goals}\n${goals}: ; @js-run ${command} ./$@\n`);
    return `make -s -j4 ${options} && echo 'all back'`;
  },
});

const loop = (targets: readonly string[], command: string) => `
for target in ${targets.join(' ')}; do js-run ${command} ./$target & jobs="$jobs $!"; done
for job in $jobs; do wait $job || exit; done
${COUNT}`;

const joinOf = (name: string, makeDir: string): Outer => ({
  name: `eval "$(js-create)", ${name}`,
  makeDir,
  script: (_, targets, command) => `eval "$(js-create -j 4)"\n${loop(targets, command)}`,
});

const scriptOf = (name: string, makeDir: string): Outer => ({
  name: `js-create -- sh build.sh, ${name}`,
  makeDir,
  script(world, targets, command) {
    world.file('build.sh', loop(targets, command));
    return 'js-create -j 4 -- sh build.sh';
  },
});

export const OUTERS: readonly Outer[] = [
  recipesOf('make 4.3 -j4', MAKE_43),
  recipesOf('make 4.4.1 -j4', make441Dir),
  { ...recipesOf('make 4.4.1 -j4 with a pipe', make441Dir, '--jobserver-style=pipe'), isAlike: true },
  joinOf('make 4.3 on PATH', MAKE_43),
  { ...joinOf('make 4.4.1 on PATH', make441Dir), isAlike: true },
  scriptOf('make 4.3 on PATH', MAKE_43),
  scriptOf('make 4.4.1 on PATH', make441Dir),
];
