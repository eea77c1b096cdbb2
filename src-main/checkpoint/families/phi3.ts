/** Phi-3 and Phi-4-mini (arXiv 2404.14219, 2503.01743): fused projections, partly rotated heads, LongRoPE. */
import type { RopeEntry } from '../config-keys.ts';
import { family } from './family.ts';
import { layerTypeKeys } from './layer-types.ts';

export const phi3 = family({
  modelType: 'phi3',
  languageModel: 'Phi3ForCausalLM',
  rewardModel: 'Phi3ForSequenceClassification',
  defaults: { rms_norm_eps: 1e-5, original_max_position_embeddings: 4096 },
  keys: { sliding_window: layerTypeKeys.sliding_window },
  differences(file, context) {
    const layers = file.num_hidden_layers;
    const field = file.rope_scaling ? 'rope_scaling' : 'rope_parameters';
    const entry = (file[field] ?? {}) as RopeEntry;
    const type = entry.rope_type ?? entry.type ?? 'default';
    const isLong = ['longrope', 'su', 'yarn'].includes(type); // its older names
    if (!isLong && type !== 'default') context.refuse(field, `RoPE scaling "${type}" is not supported for Phi-3`);
    const rope = context.rope({
      entry: isLong ? { ...entry, rope_type: 'longrope' } : entry,
      field,
      partialFactor: entry.partial_rotary_factor ?? file.partial_rotary_factor ?? 1,
    });
    return {
      queryKeyValueBias: false,
      outputBias: false,
      mlpBias: false,
      fusedProjections: true,
      windows: Array.from({ length: layers }, () => file.sliding_window ?? null),
      ropes: Array.from({ length: layers }, () => rope),
    };
  },
});
