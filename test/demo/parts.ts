import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A target of the Makefile, and how many jobs of it can run at the same time. */
export type Part = { name: 'cargo' | 'pip' | 'go' | 'cc'; widest: number };

export type Found = {
  parts: Part[];
  /** One line for each part that is left out: what it needs and does not have. */
  missing: string[];
  /** The Python that can build a wheel. */
  python: string | undefined;
};

/**
 * A wheel needs pip, setuptools with bdist_wheel (its own since 70.1, else from wheel) and the headers of that Python.
 * setuptools comes first: pip imports the distutils that Debian's setuptools must replace.
 */
const PYTHON_CHECK = `
import os, sys, sysconfig, setuptools, pip
try:
    import setuptools.command.bdist_wheel
except ImportError:
    import wheel
if not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")):
    sys.exit("no Python.h")
print(sys.executable)
`;

/**
 * Looks for the tools of each part on PATH.
 * A tool that is there and does not start (rustup without a toolchain) is missing. `work` is a workspace that is made.
 */
export function findParts(work: string): Found {
  const found: Found = { parts: [], missing: [], python: undefined };
  const add = (part: Part, lacks: string[]) => {
    if (lacks.length === 0) found.parts.push(part);
    else found.missing.push(`${part.name} is left out: no ${lacks.join(', no ')}`);
  };
  const lacksGcc = starts('gcc', ['--version']) ? [] : ['gcc'];
  add({ name: 'cargo', widest: 4 }, [...(starts('cargo', ['--version']) ? [] : ['cargo']), ...lacksGcc]);
  found.python = findPython();
  const lacksPython = found.python ? [] : ['python3 with pip, setuptools, wheel and Python.h'];
  add({ name: 'pip', widest: 3 }, [...lacksPython, ...lacksGcc]);
  // Even `go version` writes to go's telemetry, which the workspace's configuration switches off.
  const go = starts('go', ['version'], { XDG_CONFIG_HOME: join(work, 'config') });
  add({ name: 'go', widest: 1 }, go ? [] : ['go']);
  add({ name: 'cc', widest: 4 }, lacksGcc);
  return found;
}

/** The first python3 of PATH is often one without wheel; the distribution's is asked next. */
function findPython(): string | undefined {
  for (const python of ['python3', '/usr/bin/python3']) {
    const { status, stdout } = spawnSync(python, ['-c', PYTHON_CHECK], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return undefined;
}

function starts(command: string, args: string[], env: Record<string, string> = {}): boolean {
  return spawnSync(command, args, { stdio: 'ignore', env: { ...process.env, ...env } }).status === 0;
}
