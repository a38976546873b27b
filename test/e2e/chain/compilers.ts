import type { World } from '../world.js';

/** How many compilers every project starts. */
export const UNITS = 6;

/** Returns what `each` makes of the numbers of the units, 1 to UNITS. */
export const forUnits = <T>(each: (n: number) => T): T[] => Array.from({ length: UNITS }, (_, i) => each(i + 1));

/** Whatever configuring asks the compiler for is done in the slot of what asks; a unit of a project is a job. */
const COMPILER = `#!/bin/sh
case $0 in *c++) real=g++ ;; *) real=gcc ;; esac
for word; do case $word in *unit?.c | *unit?.cpp) unit=$word ;; esac; done
[ -n "\${unit-}" ] || exec $real "$@"
exec span "$real \${unit##*/}" sh -c 'meet 4; exec "$@"' - $real "$@"
`;

/** RUSTC_WRAPPER: cargo asks the compiler for its version and more through it, too. */
const RUSTC = `#!/bin/sh
case "$*" in *"--crate-name unit"*) exec span "rustc $3" sh -c 'meet 4; exec "$@"' - "$@" ;; esac
exec "$@"
`;

/**
 * Puts compilers on PATH that record a span for each unit, in which they wait until four have met.
 * @returns the variables that have them used
 */
export function recordCompilers(world: World): Record<string, string> {
  return {
    CC: world.file('bin/unit-cc', COMPILER),
    CXX: world.file('bin/unit-c++', COMPILER),
    RUSTC_WRAPPER: world.file('bin/unit-rustc', RUSTC),
  };
}
