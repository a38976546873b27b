import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isBuildFrontEnd } from '../../src/tools/build-front-end.js';

const NOWHERE = '/is/not/there';

describe('a build front end', () => {
  test.each(
    'pip pip3 pip3.12 python python3 python3.13 python3.13t pypy3 tox nox fromager uv poetry hatch pdm meson conda-build'
      .concat(' pyproject-build /usr/bin/python3 ./venv/bin/pip')
      .split(' '),
  )('is %s', (program) => expect(isBuildFrontEnd(program, NOWHERE)).toBe(true));

  test.each([
    '',
    'sh',
    'true',
    'pipe',
    'python-config',
    'python3.11-config',
    'pip.sh',
    'uvicorn',
    'make',
    'constructor',
  ])('is not %o', (program) => expect(isBuildFrontEnd(program, NOWHERE)).toBe(false));

  test.each<[string, boolean]>([
    ['#!/usr/bin/python3\nimport os\n', true],
    ['#!/usr/bin/env python3\n', true],
    ['#! /usr/bin/env -S python3.12 -u\n', true],
    ["#!/bin/sh\n'''exec' \"/a very/long path/bin/python3\" \"$0\" \"$@\"\n' '''\nimport re\n", true],
    ['#!/bin/sh\npython3 -c pass\n', false],
    ['#!/bin/sh\n', false],
    ['#!', false],
    ['', false],
    ['python3\n', false],
    ['\x7fELF#!python3', false],
  ])('is a script that begins %j: %o', (text, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'js-front-end-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'build-all');
    writeFileSync(file, text, { mode: 0o755 });
    expect(isBuildFrontEnd(file, NOWHERE)).toBe(expected);
    expect(isBuildFrontEnd('build-all', `${NOWHERE}:${folder}`)).toBe(expected);
    expect(isBuildFrontEnd(file.replace('build-all', 'other'), NOWHERE)).toBe(false);
  });
});
