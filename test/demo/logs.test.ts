import { expect, test } from 'vitest';
import { failedTargets } from './logs.js';

test.each([
  ['', []],
  ['make: *** [Makefile:26: cargo] Error 101\n', ['cargo']],
  ['make: *** [Makefile:32: pip-alpha] Error 1\nmake: *** [Makefile:41: cc] Error 2\n', ['pip-alpha', 'cc']],
  ['make: *** [Makefile:26: cargo] Terminated\n', ['cargo']],
  ['make: *** [cargo] Error 101\n', ['cargo']],
  ['make: *** Waiting for unfinished jobs....\n', []],
])('%o names %o', (output, targets) => expect(failedTargets(output)).toEqual(targets));
