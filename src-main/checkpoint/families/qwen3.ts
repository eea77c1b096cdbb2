/** Qwen3 (arXiv 2505.09388): norms over each head of queries and keys. */
import { family } from './family.ts';
import { qwenKeys, qwenWindows } from './qwen2.ts';

export const qwen3 = family({
  modelType: 'qwen3',
  languageModel: 'Qwen3ForCausalLM',
  rewardModel: 'Qwen3ForSequenceClassification',
  defaults: { num_key_value_heads: 32, head_dim: 128, sliding_window: 4096 },
  keys: qwenKeys,
  differences: (file, context) => ({
    mlpBias: false,
    headNorms: true,
    windows: qwenWindows(file, context),
  }),
});
