/** Says at the end which tests were skipped, and why: Playwright's own list shows only that they were. */
import type { Reporter, TestCase } from 'playwright/types/testReporter';

export default class SkipReporter implements Reporter {
  readonly #lines: string[] = [];

  onTestEnd(test: TestCase): void {
    const skip = test.annotations.find(({ type }) => type === 'skip');
    if (skip !== undefined) this.#lines.push(`SKIPPED: ${test.title}. ${skip.description ?? ''}`);
  }

  onEnd(): void {
    for (const line of this.#lines) console.log(line);
  }
}
