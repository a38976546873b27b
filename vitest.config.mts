import { defineConfig } from 'vitest/config';

/** They measure how many jobs run at a time, so nothing else may run beside them. */
const MEASURING = ['advertise', 'chain', 'exactly-n', 'matrix', 'wrappers'].map((name) => `test/e2e/${name}.test.ts`);

/** Real builds, signals to each of their processes, all states of a model. `npm run test:quick` leaves them out. */
const LONG = ['test/chaos', 'test/e2e', 'test/model'];

export default defineConfig({
  test: {
    globalSetup: ['test/setup/install-tools.mjs'],
    setupFiles: ['test/setup/define-environment.ts'],
    // Real shells and real builds, one at each system call of a command: what is too slow here hangs, also on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One more try where nobody can look on; what needed it is printed, and more than a few fail the run.
    retry: process.env.CI === 'true' ? 1 : 0,
    reporters: ['default', './test/setup/retried.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: LONG.map((folder) => `${folder}/**`),
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'beside each other',
          include: LONG.map((folder) => `${folder}/**/*.test.ts`),
          exclude: MEASURING,
          // Most of them wait most of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'one by one', include: MEASURING, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
