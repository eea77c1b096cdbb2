/** Llama 2, 3, 3.1 and 3.2 (arXiv 2307.09288, 2407.21783), and models of its shape, such as SmolLM2 and TinyLlama. */
import { family } from './family.ts';

export const llama = family({
  modelType: 'llama',
  languageModel: 'LlamaForCausalLM',
  rewardModel: 'LlamaForSequenceClassification',
  defaults: {},
  keys: {},
  differences: () => ({}),
});
