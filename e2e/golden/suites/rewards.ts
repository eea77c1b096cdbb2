/** rewards.json: TRL's own reward functions. */
import { z } from 'zod';
import { rewardRuleSchema, type RewardRule } from '../../../src-main/contract/reward-rules.ts';
import { compileRules } from '../../../src-main/rewards/compile-rules.ts';
import { compare } from '../compare.ts';
import { golden, type GoldenCase, type Suite } from '../suite.ts';

const file = z.looseObject({
  think_format: z.object({ texts: z.array(z.string()), scores: golden.numbers }),
  soft_overlong: z.object({
    max_completion_len: z.int(),
    soft_punish_cache: z.int(),
    lengths: golden.ids,
    scores: golden.numbers,
  }),
  repetition: z.object({
    cases: z.array(
      z.object({ ngram_size: z.int(), max_penalty: z.number(), ids: z.array(golden.ids), scores: golden.numbers }),
    ),
  }),
});

type RuleInput = z.input<typeof rewardRuleSchema>;

export const rewards: Suite = {
  name: 'rewards',
  cases(content) {
    const { think_format: think, soft_overlong: overlong, repetition } = file.parse(content);
    return [
      rewardCase(
        'think_format',
        { name: 'think', type: 'think_format' },
        think.texts.map((text) => ({ text, tokens: [] })),
        think.scores,
      ),
      rewardCase(
        'soft_overlong',
        {
          name: 'overlong',
          type: 'soft_overlong',
          max_length: overlong.max_completion_len,
          cache: overlong.soft_punish_cache,
        },
        overlong.lengths.map((length) => ({ text: '', tokens: new Int32Array(length) })),
        overlong.scores,
      ),
      ...repetition.cases.map(({ ngram_size, max_penalty, ids, scores }) =>
        rewardCase(
          `repetition of ${ngram_size}-grams`,
          { name: 'repetition', type: 'repetition', ngram_size, max_penalty },
          ids.map((tokens) => ({ text: '', tokens })),
          scores,
        ),
      ),
    ];
  },
};

function rewardCase(
  name: string,
  input: RuleInput,
  completions: { text: string; tokens: ArrayLike<number> }[],
  expected: number[],
): GoldenCase {
  return {
    name,
    async run() {
      const rule: RewardRule = rewardRuleSchema.parse(input);
      const scorer = await compileRules([rule]);
      const row = { index: 0, prompt: 'none', columns: {} };
      const [scored] = await scorer.scoreGroups([{ prompt: row.prompt, row, completions }]);
      const got = scored.map(({ scores: [{ score }] }) => score ?? NaN);
      return [compare('scores', got, expected, {})];
    },
  };
}
