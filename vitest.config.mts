import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/install-tools.mjs'],
    // Real shells and real builds: what is too slow here hangs.
    testTimeout: 90_000,
    hookTimeout: 300_000,
    // The machines have two processors, and the tests measure concurrency.
    fileParallelism: false,
  },
});
