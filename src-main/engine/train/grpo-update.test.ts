import { expect, test } from 'vitest';
import { golden, goldenFolder } from '../../../e2e/fixtures/golden.ts';
import { grpoUpdates } from '../../../e2e/golden/suites/grpo-updates.ts';
import { testGolden } from '../../../e2e/golden/test-suite.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';

describeOnEveryBackend('updates on one batch equal TRL', () => {
  testGolden(grpoUpdates);

  test('with an entropy bonus on the tokens of high entropy, and without a reference', async () => {
    const { cases } = golden<{ cases: { config: object; updates: { logps: unknown }[] }[] }>('grpo_updates');
    const [{ config, updates, ...full }] = cases;
    const changed = {
      ...full,
      config: { ...config, beta: 0, entropy_coef: 0.05, top_entropy_quantile: 0.3 },
      // Of torch's autograd: the policy term of those tokens over all, minus the bonus over those alone.
      updates: [{ loss: -0.4007729, grad_norm: 0.848471, entropy: 4.884109, logps: updates[0].logps }],
      ref_logps: undefined,
      final_logps: undefined,
    };
    const [{ run }] = grpoUpdates.cases({ cases: [changed] }, goldenFolder);
    expect((await run()).filter((mismatch) => mismatch !== null)).toEqual([]);
  });
});
