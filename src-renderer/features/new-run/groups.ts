/** How the settings of a run are laid out: those that matter first, the others in groups. A setting that no group names is in the last. */
import type { RunType } from '../../../src-main/contract/config.ts';
import type { Setting } from '../../lib/run-settings.ts';

/** In this order; those that a type of run does not have are left out. */
const essential: Record<RunType, string[]> = {
  grpo: [
    'name',
    'preset',
    'max_steps',
    'learning_rate',
    'prompts_per_step',
    'num_generations',
    'max_completion_length',
    'beta',
    'lora_r',
    'seed',
  ],
  sft: [
    'name',
    'max_steps',
    'learning_rate',
    'batch_size',
    'completion_column',
    'lora_r',
    'max_completion_length',
    'seed',
  ],
  reward_model: ['name', 'max_steps', 'learning_rate', 'batch_size', 'lora_r', 'seed'],
};

/** Shown by parts of the form of their own. */
const elsewhere = ['model', 'dataset', 'eval_dataset', 'rewards'];

export interface SettingGroup {
  title: string;
  about: string;
  settings: Setting[];
}

const groups: { title: string; about: string; names: RegExp }[] = [
  {
    title: 'Sampling',
    about: 'How completions are drawn.',
    names: /^(sampler_weights|temperature|top_[kp]$|min_p|repetition_penalty|stop$|max_completion_length)/,
  },
  {
    title: 'Loss',
    about: 'How tokens push the policy, and how far a step may go.',
    names:
      /^(loss_type|importance_sampling|epsilon|delta|dual_clip|top_entropy|off_policy|mask_truncated|sampler_correction|sapo|vespo|num_iterations|steps_per_generation)/,
  },
  {
    title: 'Reference and KL',
    about: 'What holds the policy near the model it began with.',
    names: /^(kl_|beta$|use_bias_correction_kl|sync_ref|ref_model)/,
  },
  { title: 'Entropy', about: 'A bonus for staying undecided.', names: /^(entropy|use_adaptive_entropy)/ },
  {
    title: 'Advantages',
    about: 'How rewards of a group become advantages.',
    names: /^(scale_rewards|advantage_baseline|multi_objective|process_supervision)/,
  },
  {
    title: 'Choice of prompts',
    about: 'Which prompts a step is spent on.',
    names: /^(dynamic_sampling|replay|curriculum)/,
  },
  { title: 'LoRA', about: 'A small adapter trained over frozen weights.', names: /^(lora|use_rslora|load_in_8bit)/ },
  {
    title: 'Optimizer',
    about: 'AdamW and the course of the learning rate.',
    names: /^(adam|weight_decay|lr_|warmup|max_grad_norm|gradient_)/,
  },
  { title: 'Evaluation and checkpoints', about: 'When the policy is measured and saved.', names: /^(eval_|save_)/ },
];

export function layOut(type: RunType, settings: readonly Setting[]): { essential: Setting[]; groups: SettingGroup[] } {
  const first = essential[type].flatMap((name) => settings.find((setting) => setting.name === name) ?? []);
  const rest = settings.filter((setting) => !first.includes(setting) && !elsewhere.includes(setting.name));
  const grouped = groups.map(({ title, about, names }) => ({
    title,
    about,
    settings: rest.filter(({ name }) => names.test(name)),
  }));
  const taken = new Set(grouped.flatMap((group) => group.settings));
  const other = {
    title: 'Machine and other settings',
    about: 'What is left.',
    settings: rest.filter((setting) => !taken.has(setting)),
  };
  return { essential: first, groups: [...grouped, other].filter((group) => group.settings.length > 0) };
}
