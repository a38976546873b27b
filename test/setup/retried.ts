import type { Reporter, TestCase } from 'vitest/node';

/** How many tests may need a second try before the run counts as failed. */
const MOST = 2;

/**
 * Prints each test that passed only when it was tried again, with what failed at first, and fails the run if there are more than
 * a few: a race that shows once in many runs is a defect to look for, not to get used to.
 */
export default class Retried implements Reporter {
  readonly #retried: TestCase[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#retried.push(test);
  }

  onTestRunEnd(): void {
    for (const test of this.#retried) {
      const [error] = test.result().errors ?? [];
      console.error(`tried again: ${test.module.moduleId} > ${test.fullName}: ${error?.message ?? 'no reason'}`);
    }
    if (this.#retried.length <= MOST) return;
    console.error(`${this.#retried.length} tests passed only when they were tried again; at most ${MOST} may`);
    process.exitCode = 1;
  }
}
