import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { otherNodes } from './test/setup/other-nodes.mjs';

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

/** What the executable has to show, and the package on each Node that package.json promises. The matrix is a part of itself there. */
const EVERYWHERE = ['acquire', 'bad-input', 'create', 'each', 'run', 'signals'].map(
  (name) => `test/e2e/${name}.test.ts`,
);
const ON_EACH_NODE = [...EVERYWHERE, 'test/e2e/installed.test.ts'];
const MEASURING_ON_EACH_NODE = ['test/e2e/matrix.test.ts'];

/** Where CI=true a tool that cannot be had is an error. */
const withTools: Options = { globalSetup: ['test/setup/install-tools.mjs'] };

/** The commands of the executable instead of the package's. */
const standalone: Options = {
  globalSetup: ['test/setup/install-tools.mjs', 'test/setup/install-standalone.ts'],
  env: { TEST_COMMANDS: fileURLToPath(new URL('dist/standalone/prefix/bin', import.meta.url)), TEST_PART: 'yes' },
};

/** Nothing beside them. */
const oneByOne: Options = { maxWorkers: 1, sequence: { groupOrder: 1 } };

type Options = NonNullable<TestProjectInlineConfiguration['test']>;

function project(name: string, include: string[], options: Options): TestProjectInlineConfiguration {
  // Most tests wait most of the time.
  const beside = { maxWorkers: 3, sequence: { groupOrder: 0 } };
  return { extends: true, test: { ...beside, name, include, ...options } };
}

export default defineConfig({
  test: {
    setupFiles: ['test/setup/define-environment.ts'],
    // Real shells and real builds, one at each system call of a command: what is too slow here hangs, also on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', './test/setup/skipped.ts'],
    projects: [
      // `npm run test:unit`: needs what every Linux has, no root and no network.
      project('unit', ['test/**/*.test.ts'], { exclude: [...NEED_TOOLS, ...LONG] }),
      project('beside each other', [...NEED_TOOLS, ...LONG], { ...withTools, exclude: MEASURING }),
      project('one by one', MEASURING, { ...withTools, ...oneByOne }),
      ...otherNodes.flatMap((major) => {
        const onNode = { ...withTools, env: { TEST_NODE: major, TEST_PART: 'yes' } };
        return [
          project(`Node ${major}`, ON_EACH_NODE, onNode),
          project(`Node ${major}, one by one`, MEASURING_ON_EACH_NODE, { ...onNode, ...oneByOne }),
        ];
      }),
      ...(process.env.TEST_STANDALONE
        ? [
            project('executable', EVERYWHERE, standalone),
            project('executable, one by one', [...MEASURING_ON_EACH_NODE, 'test/e2e/exactly-n.test.ts'], {
              ...standalone,
              ...oneByOne,
            }),
          ]
        : []),
    ],
  },
});
