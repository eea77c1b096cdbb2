import { expect, test } from 'vitest';
import { grpoConfigSchema } from '../../contract/config.ts';
import type { CompletionRecord, GroupRecord } from '../../contract/engine.ts';
import { recordAdvantages } from './grpo-advantages.ts';

/** A group whose completions have these scores, rule by rule. */
function group(...scores: number[][]): GroupRecord {
  const completions = scores.map((ofCompletion) => ({
    tokens: new Int32Array(2),
    reward: ofCompletion.at(-1) as number,
    scores: ofCompletion.map((score) => ({ score })),
  }));
  return { completions: completions as unknown as CompletionRecord[] } as GroupRecord;
}

const rule = (name: string, options: object = {}) => ({ name, type: 'format', ...options });

test('rules that are metrics only, or off, have no part in decoupled advantages', () => {
  const advantages = (rewards: object[], ...scores: number[][]) => {
    const groups = [group(...scores)];
    const settings = { model: 'm', dataset: 'd', multi_objective_aggregation: 'normalize_then_sum', rewards };
    const ofTokens = recordAdvantages(groups, grpoConfigSchema.parse(settings), 0, null);
    return groups[0].completions.map((completion) => [...ofTokens(completion)]);
  };
  const alone = advantages([rule('counts')], [0], [1], [1]);
  expect(alone[0][0]).toBeLessThan(-1);
  const watched = [rule('off', { enabled: false }), rule('watched', { metric_only: true }), rule('counts')];
  expect(advantages(watched, [9, 0], [3, 1], [7, 1])).toEqual(alone);
});
