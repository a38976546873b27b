import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { type Files, writeFiles } from '../../demo/sources/files.js';
import { wheelhouseDir } from '../../setup/tools.js';
import { forUnits } from './compilers.js';

const quoted = (names: string[]) => names.map((name) => `'${name}'`).join(', ');

/** Returns sources whose names end so, by their file names. */
const units = (ending: string): Files => Object.fromEntries(forUnits((n) => [`unit${n}${ending}`, `int unit${n};\n`]));

const projectOf = (name: string, backend: string, requires: string[]) => `[build-system]
requires = [${quoted(requires)}]
build-backend = '${backend}'
[project]
name = '${name}'
version = '1.0'
`;

/** Three extensions with two sources each. */
function setuptools(name: string): Files {
  const extension = (n: number) => `Extension('${name}.e${n}', ['unit${2 * n - 1}.c', 'unit${2 * n}.c'])`;
  return {
    'pyproject.toml': projectOf(name, 'setuptools.build_meta', ['setuptools']),
    'setup.py': `from setuptools import Extension, setup
setup(packages=['${name}'], ext_modules=[${[1, 2, 3].map(extension).join(', ')}])
`,
    [`${name}/__init__.py`]: '',
    ...units('.c'),
  };
}

/** @param ninja the one that build isolation puts first on PATH, or none: then it is the machine's */
function meson(name: string, ninja?: string): Files {
  const requires = ['meson-python', ...(ninja ? [ninja] : [])];
  return {
    'pyproject.toml': projectOf(name, 'mesonpy', requires),
    'meson.build': `project('${name}', 'c')
python = import('python').find_installation()
python.extension_module('${name}', ${quoted(Object.keys(units('.c')))}, install: true)
`,
    ...units('.c'),
  };
}

function scikitBuild(name: string): Files {
  return {
    'pyproject.toml': projectOf(name, 'scikit_build_core.build', ['scikit-build-core']),
    'CMakeLists.txt': `cmake_minimum_required(VERSION 3.15)
project(${name} LANGUAGES CXX)
add_library(${name} MODULE ${Object.keys(units('.cpp')).join(' ')})
install(TARGETS ${name} DESTINATION .)
`,
    ...units('.cpp'),
  };
}

/** What there is to build: a wheel of each kind of project, seven in all. */
const PROJECTS: Record<string, (name: string) => Files> = {
  setuptools1: setuptools,
  setuptools2: setuptools,
  meson1: (name) => meson(name, 'ninja==1.13.*'),
  meson2: (name) => meson(name, 'ninja==1.13.*'),
  meson3: (name) => meson(name, 'ninja==1.11.1.*'),
  meson4: (name) => meson(name),
  scikit1: scikitBuild,
};

export const WHEELS = Object.keys(PROJECTS);

/** Writes the projects, each into a folder of its name. */
export function writeWheels(folder: string): void {
  for (const [name, filesOf] of Object.entries(PROJECTS)) writeFiles(join(folder, name), filesOf(name));
}

/**
 * @param path the PATH to search
 * @returns what pip needs: its own python first on PATH, and the wheels of the build backends in place of the network
 */
export function pipVariables(path: string): Record<string, string> {
  const ask = ['-c', 'import sys; print(sys.executable)'];
  const python = execFileSync('python3', ask, { encoding: 'utf8', env: { PATH: path } }).trim();
  const [bin, ...rest] = path.split(':');
  return {
    PATH: [bin, dirname(python), ...rest].join(':'),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: wheelhouseDir,
    PIP_NO_CACHE_DIR: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    // Of what isolated builds install only a little is ever imported.
    PIP_NO_COMPILE: '1',
  };
}
