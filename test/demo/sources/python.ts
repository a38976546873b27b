import { cUnit } from './c.js';
import type { Files } from './files.js';

const PACKAGES = ['alpha', 'beta', 'gamma'];
const UNITS = ['one', 'two', 'three'];

/** Three source packages with a C extension each: a module without functions, and units for the compiler to chew on. */
export function pythonPackages(): Files {
  const files: Files = {};
  for (const name of PACKAGES) {
    const sources = [`${name}.c`, ...UNITS.map((unit) => `${unit}.c`)];
    files[`pip/${name}/pyproject.toml`] =
      '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n';
    files[`pip/${name}/setup.py`] = `from setuptools import Extension, setup

setup(name="${name}", version="1.0", py_modules=[], ext_modules=[Extension("${name}", ${JSON.stringify(sources)})])
`;
    files[`pip/${name}/${name}.c`] = `#include <Python.h>

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "${name}", NULL, -1, NULL};

PyMODINIT_FUNC PyInit_${name}(void) { return PyModule_Create(&module); }
`;
    for (const unit of UNITS) files[`pip/${name}/${unit}.c`] = cUnit(`${name}_${unit}`, 25);
  }
  return files;
}
