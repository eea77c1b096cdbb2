/** models.json: logits, greedy continuation, causal-LM loss and gradient norms of checkpoints under models/. */
import { join } from 'node:path';
import { z } from 'zod';
import {
  causalLanguageModelling,
  greedyContinuation,
  packedLogits,
} from '../../../src-main/engine/fixtures/golden-quantities.ts';
import { loadRewardModel } from '../../../src-main/engine/reward-model/reward-model.ts';
import { scoreTokens } from '../../../src-main/engine/reward-model/sequence-scores.ts';
import { loadPolicy, type TrainablePolicy } from '../../../src-main/engine/model/policy.ts';
import { offsetsOf, unpadRows } from '../../fixtures/golden.ts';
import { compare, type Mismatch } from '../compare.ts';
import { golden, type Suite } from '../suite.ts';

/** Tokens of row 0 that the greedy continuation starts from, as the file's `about` says. */
const GREEDY_PROMPT = 6;

/** A gradient norm below this is rounding, as that of a bias of keys in a layer without positions, which softmax takes out. */
const ZERO = 1e-6;

const model = z.looseObject({
  input_ids: z.array(golden.ids),
  attention_mask: golden.mask,
  logits_at: z.record(z.string().regex(/^\d+,\d+$/, 'the name of a place is "row,column"'), golden.numbers).optional(),
  greedy: golden.ids.optional(),
  causal_lm_loss: golden.number.optional(),
  grad_norms: z.record(z.string(), golden.number).optional(),
  scores: golden.numbers.optional(),
});

type Model = z.infer<typeof model>;

const file = z.looseObject({ models: z.record(z.string(), model) });

export const models: Suite = {
  name: 'models',
  cases: (content, folder) =>
    Object.entries(file.parse(content).models).map(([name, expected]) => ({
      name,
      async run() {
        if (expected.scores !== undefined) return rewardScores(join(folder, 'models', name), expected);
        const policy = await loadPolicy(join(folder, 'models', name), { trainable: true });
        try {
          return [...logits(policy, expected), ...greedy(policy, expected), ...causalLoss(policy, expected)];
        } finally {
          policy.dispose();
        }
      },
    })),
};

/** Scores of a reward model: each row without its padding is a text. */
async function rewardScores(
  folder: string,
  { input_ids, attention_mask, scores }: Model,
): Promise<(Mismatch | null)[]> {
  const model = await loadRewardModel(folder);
  try {
    const texts = unpadRows(input_ids, attention_mask).map((text) => ({ promptTokens: text, completions: [[]] }));
    return [compare('scores', scoreTokens(model, texts), scores ?? [], { absolute: 2e-4 })];
  } finally {
    model.dispose();
  }
}

/** All rows run as one packed batch, so a row that was padded must give what it gives without its padding. */
function logits(policy: TrainablePolicy, { input_ids, attention_mask, logits_at = {} }: Model): (Mismatch | null)[] {
  const got = packedLogits(policy, unpadRows(input_ids, attention_mask));
  const starts = offsetsOf(attention_mask);
  const width = policy.config.vocabSize;
  return Object.entries(logits_at).map(([place, expected]) => {
    const [row, column] = place.split(',').map(Number);
    const before = attention_mask[row].slice(0, column).filter((kept) => kept === 1).length;
    const at = (starts[row] + before) * width;
    return compare(`logits_at ${place}`, got.subarray(at, at + width), expected, { absolute: 2e-4 });
  });
}

function greedy(policy: TrainablePolicy, { input_ids, greedy: expected }: Model): (Mismatch | null)[] {
  if (expected === undefined) return [];
  const got = greedyContinuation(policy, input_ids[0].slice(0, GREEDY_PROMPT), expected.length);
  return [compare('greedy', got, expected, {})];
}

function causalLoss(policy: TrainablePolicy, expected: Model): (Mismatch | null)[] {
  if (expected.causal_lm_loss === undefined) return [];
  const rows = unpadRows(expected.input_ids, expected.attention_mask);
  const { loss, gradientNorms } = causalLanguageModelling(policy, rows);
  const names = Object.keys(expected.grad_norms ?? {});
  const norms = names.map((name) => gradientNorms[name] ?? NaN);
  return [
    compare('causal_lm_loss', loss, expected.causal_lm_loss, { absolute: 1e-5 }),
    compare('grad_norms', norms, Object.values(expected.grad_norms ?? {}), { absolute: ZERO, relative: 1e-3 }, names),
  ];
}
