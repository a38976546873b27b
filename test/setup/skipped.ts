import type { Reporter, TestCase } from 'vitest/node';

/**
 * Prints each test that was skipped. To root nothing is forbidden, so that in CI none is skipped there: the run fails if the
 * container allows less.
 */
export default class Skipped implements Reporter {
  readonly #skipped: string[] = [];

  onTestCaseResult(test: TestCase): void {
    // `-t PATTERN` skips what was not asked for.
    if (test.options.mode === 'skip') this.#skipped.push(`${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestRunEnd(): void {
    for (const name of this.#skipped) console.error(`skipped: ${name}`);
    if (this.#skipped.length === 0 || process.env.CI !== 'true' || process.getuid?.() !== 0) return;
    console.error(`${this.#skipped.length} tests were skipped, although this is root's CI`);
    process.exitCode = 1;
  }
}
