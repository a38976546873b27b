import { defineConfig } from 'vitest/config';

/** They measure how many jobs run at a time, so nothing else may run beside them. */
const MEASURING = ['advertise', 'chain', 'exactly-n', 'matrix', 'wrappers'].map((name) => `test/e2e/${name}.test.ts`);

/** Real makes, shells and manual pages; what the machine lacks of these is installed. */
const NEED_TOOLS = [
  'test/docs/{completion,options}',
  'test/process/{descriptors,process-table}',
  'test/protocol/real-make',
  'test/shell/sh',
  'test/slots/calling-shell',
  'test/tools/{ask-version,invoked-tool}',
].map((name) => `${name}.test.ts`);

/** Real builds, signals to each of their processes, all states of a model. */
const LONG = ['chaos', 'e2e', 'model'].map((folder) => `test/${folder}/**/*.test.ts`);

/** Where CI=true a tool that cannot be had is an error. */
const withTools = { globalSetup: ['test/setup/install-tools.mjs'] };

export default defineConfig({
  test: {
    setupFiles: ['test/setup/define-environment.ts'],
    // Real shells and real builds, one at each system call of a command: what is too slow here hangs, also on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', './test/setup/skipped.ts'],
    projects: [
      {
        extends: true,
        test: {
          // `npm run test:unit`: needs what every Linux has, no root and no network.
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...NEED_TOOLS, ...LONG],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...withTools,
          name: 'beside each other',
          include: [...NEED_TOOLS, ...LONG],
          exclude: MEASURING,
          // Most of them wait most of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...withTools,
          name: 'one by one',
          include: MEASURING,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
