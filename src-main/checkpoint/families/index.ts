/** The families of decoders that can be loaded, by `model_type`. */
import type { Family } from './family.ts';
import { gemma3 } from './gemma3.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { phi3 } from './phi3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { smollm3 } from './smollm3.ts';

export const families: readonly Family[] = [llama, qwen2, qwen3, mistral, smollm3, phi3, gemma3];

/** The class of a family's reward models in transformers. */
export function rewardModelArchitecture(modelType: string): string | undefined {
  return families.find((family) => family.modelType === modelType)?.rewardModel;
}
