/** Mistral 7B (arXiv 2310.06825): every layer may have a sliding window. */
import { family } from './family.ts';
import { layerTypeKeys } from './layer-types.ts';

export const mistral = family({
  modelType: 'mistral',
  languageModel: 'MistralForCausalLM',
  rewardModel: 'MistralForSequenceClassification',
  defaults: { num_key_value_heads: 8, sliding_window: 4096 },
  keys: { sliding_window: layerTypeKeys.sliding_window },
  differences: ({ sliding_window: window, num_hidden_layers: layers }) => ({
    queryKeyValueBias: false,
    outputBias: false,
    mlpBias: false,
    windows: Array.from({ length: layers }, () => window ?? null),
  }),
});
