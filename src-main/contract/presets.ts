/** Named settings that papers train with; `preset: NAME` in a config takes them wherever the config says nothing itself. */

export const presetNames = ['paper', 'dapo', 'dr_grpo', 'gspo', 'cispo'] as const;

export type PresetName = (typeof presetNames)[number];

const presets: Record<PresetName, Record<string, unknown>> = {
  /** DeepSeekMath (arXiv 2402.03300) §4.2: what the defaults are. */
  paper: {},
  /** DAPO (arXiv 2503.14476) §3 and §4.1: clip-higher, token-level loss, dynamic sampling, no KL; overlong completions are left out. */
  dapo: {
    loss_type: 'dapo',
    epsilon: 0.2,
    epsilon_high: 0.28,
    beta: 0,
    dynamic_sampling: true,
    mask_truncated_completions: true,
  },
  /** Dr. GRPO (arXiv 2503.20783) §3.2: neither length nor standard deviation divides; no KL. */
  dr_grpo: { loss_type: 'dr_grpo', scale_rewards: 'none', beta: 0 },
  /** GSPO (arXiv 2507.18071) §5.1: sequence ratios with clip ranges of their size, four updates a batch, no KL. */
  gspo: {
    loss_type: 'grpo',
    importance_sampling_level: 'sequence',
    epsilon: 3e-4,
    epsilon_high: 4e-4,
    steps_per_generation: 4,
    beta: 0,
  },
  /** MiniMax-M1 (arXiv 2506.13585) §3.1: clipped importance weights that keep every token's gradient, no KL. */
  cispo: { loss_type: 'cispo', epsilon_high: 5, beta: 0 },
};

/** The settings of the preset that `input` names, overridden by what `input` says itself. An unknown name is left to the schema. */
export function withPreset(input: Record<string, unknown>): Record<string, unknown> {
  return { ...presets[input['preset'] as PresetName], ...input };
}
