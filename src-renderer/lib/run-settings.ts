/** The settings a run can have, read off the contract's schemas: a new one appears in the forms by itself. Pure. */
import { z } from 'zod';
import {
  grpoConfigSchema,
  rewardModelConfigSchema,
  sftConfigSchema,
  type RunConfig,
  type RunType,
} from '../../src-main/contract/config.ts';
import { withPreset } from '../../src-main/contract/presets.ts';
import { rewardRuleSchema, type RewardRule } from '../../src-main/contract/reward-rules.ts';

export type Values = Record<string, unknown>;

export interface Setting {
  /** The key in the config: TRL's name wherever TRL has one. */
  name: string;
  /** `Learning rate` */
  label: string;
  /** One sentence; empty where the name says it all. */
  help: string;
  kind: 'integer' | 'number' | 'text' | 'choice' | 'switch' | 'texts' | 'rules';
  /** Of a choice. */
  options: (string | number | boolean)[];
  /** undefined: the setting is off, or has to be given. */
  default: unknown;
  required: boolean;
}

const schemas: Record<RunType, z.ZodObject> = {
  grpo: grpoConfigSchema,
  sft: sftConfigSchema,
  reward_model: rewardModelConfigSchema,
};

/** All settings of a run of this type, in the contract's order. */
export function settingsOf(type: RunType): Setting[] {
  return Object.entries(schemas[type].shape as Record<string, z.ZodType>).map(([name, field]) => {
    let core: z.ZodType = field;
    let value: unknown;
    let required = true;
    while (core instanceof z.ZodDefault || core instanceof z.ZodOptional) {
      if (core instanceof z.ZodDefault) value = core.def.defaultValue;
      required = false;
      core = core.unwrap() as z.ZodType;
    }
    const help = field.description ?? core.description ?? '';
    const options = optionsOf(core);
    return {
      name,
      label: labelOf(name),
      help: sentence(help),
      kind: kindOf(name, core),
      options,
      default: value,
      required,
    };
  });
}

function optionsOf(core: z.ZodType): Setting['options'] {
  if (core instanceof z.ZodEnum) return core.options;
  return core instanceof z.ZodLiteral ? ([...core.values] as Setting['options']) : [];
}

function kindOf(name: string, core: z.ZodType): Setting['kind'] {
  if (name === 'rewards') return 'rules';
  if (core instanceof z.ZodEnum || core instanceof z.ZodLiteral) return 'choice';
  if (core instanceof z.ZodBoolean) return 'switch';
  if (core instanceof z.ZodArray) return 'texts';
  if (core instanceof z.ZodNumber) return core.format === 'safeint' ? 'integer' : 'number';
  return 'text';
}

/** Names that do not read well when their underscores are taken out. */
const labels: Record<string, string> = {
  eval_dataset: 'Held-out dataset',
  max_steps: 'Steps',
  lr_scheduler_type: 'Schedule of the learning rate',
  num_generations: 'Completions per prompt (G)',
  prompts_per_step: 'Prompts per step',
  max_completion_length: 'Longest completion',
  beta: 'KL weight (β)',
  epsilon: 'Clip range (ε)',
  epsilon_high: 'Upper clip range',
  num_iterations: 'Updates per batch (μ)',
  lora_r: 'LoRA rank',
  lora_alpha: 'LoRA alpha',
  lora_dropout: 'LoRA dropout',
  lora_target_modules: 'LoRA layers',
  use_rslora: 'Rank-stabilised scaling',
  load_in_8bit: 'Base in 8 bits',
  rewards: 'Reward rules',
  max_grad_norm: 'Largest gradient norm',
  eval_steps: 'Steps between evaluations',
  eval_samples: 'Held-out rows used',
  save_steps: 'Steps between checkpoints',
  save_total_limit: 'Checkpoints kept',
  top_k: 'Top-k',
  top_p: 'Top-p',
  min_p: 'Min-p',
  stop: 'Stop strings',
  kl_in_reward: 'KL in the reward',
  sync_ref_model: 'Moving reference',
  preset: 'Loss preset',
};

function labelOf(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replace(/\b(kl|sapo|vespo)\b/, (acronym) => acronym.toUpperCase())
    .replace(/ pos$/, ' (A > 0)')
    .replace(/ neg$/, ' (A < 0)');
  return labels[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

function sentence(text: string): string {
  if (text === '') return '';
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** What a run does where nothing is said: the default, or what the chosen preset says. */
export function valuesUnsaid(type: RunType, preset: unknown): Values {
  const defaults = Object.fromEntries(settingsOf(type).map((setting) => [setting.name, setting.default]));
  return type === 'grpo' ? { ...defaults, ...withPreset({ preset }), preset: defaults['preset'] } : defaults;
}

/** Those settings of a run that differ from what it would do without them. */
export function givenValues({ type, config }: RunConfig): Values {
  const unsaid = valuesUnsaid(type, (config as Values)['preset']);
  const differs = ([name, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(unsaid[name]);
  const given: Values = Object.fromEntries(Object.entries(config).filter(differs));
  if (Array.isArray(given['rewards'])) given['rewards'] = given['rewards'].map(givenRule);
  return given;
}

/** A rule without what it would do anyway. */
function givenRule(rule: RewardRule): Values {
  const schema = rewardRuleSchema.options.find((option) => option.shape.type.value === rule.type);
  const shape = (schema?.shape ?? {}) as Record<string, z.ZodType>;
  return Object.fromEntries(
    Object.entries(rule).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaultOf(shape[name]))),
  );
}

function defaultOf(field: z.ZodType | undefined): unknown {
  return field instanceof z.ZodDefault ? field.def.defaultValue : undefined;
}
