/** Runs the cases of a golden suite as tests beside the code they judge, on the copy in e2e/fixtures/golden. */
import { expect, test } from 'vitest';
import { golden, goldenFolder } from '../fixtures/golden.ts';
import type { Suite } from './suite.ts';

export function testGolden(suite: Suite): void {
  test.each(suite.cases(golden(suite.name), goldenFolder))('$name', async ({ run }) => {
    expect((await run()).filter((mismatch) => mismatch !== null)).toEqual([]);
  });
}
