/**
 * Rule sets that are ready to use: for common tasks, and the reward functions of TRL and open-r1 under their own names. They are data
 * as a person would write them; settings that are left out take their defaults.
 */
import type { z } from 'zod';
import { rewardRuleSchema, type RewardRule } from '../contract/reward-rules.ts';

interface RewardPreset {
  /** What it rewards, what its dataset has to have, and where it differs from what it is named after. */
  description: string;
  rules: z.input<typeof rewardRuleSchema>[];
}

/** Math equivalence as TRL and open-r1 ask for it: of what is boxed, with the `solution` column. */
const solved = { type: 'math', column: 'solution', extract: { type: 'boxed' } } as const;

export const rewardPresets = {
  arithmetic: {
    description: 'Right result in <answer>…</answer>, and the think/answer format. Column: answer.',
    rules: [
      { name: 'accuracy', type: 'answer_match', compare: 'numeric', extract: { type: 'tag', tag: 'answer' } },
      { name: 'format', type: 'format', weight: 0.2 },
    ],
  },
  gsm8k: {
    description: 'Right number at the end, held against what follows #### in the answer. Column: answer, as in GSM8K.',
    rules: [
      {
        name: 'accuracy',
        type: 'answer_match',
        compare: 'numeric',
        extract: { type: 'last_number' },
        extract_expected: { type: 'after', marker: '####' },
      },
      { name: 'length', type: 'length_band', min: 20, max: 400, slack: 200, metric_only: true },
    ],
  },
  countdown: {
    description:
      'An expression in <answer>…</answer> that makes the target of the given numbers. Columns: nums, target.',
    rules: [
      { name: 'accuracy', type: 'countdown' },
      { name: 'format', type: 'format', weight: 0.1 },
    ],
  },
  reverse_text: {
    description: 'The text in reverse: the share of it that is right, and whether all is. Column: answer.',
    rules: [
      { name: 'exact', type: 'answer_match', extract: { type: 'answer_part' } },
      { name: 'similarity', type: 'similarity', extract: { type: 'answer_part' } },
    ],
  },
  format_only: {
    description: 'One <think>…</think> and one <answer>…</answer>, and a share of the score for each tag. No column.',
    rules: [
      { name: 'format', type: 'format' },
      { name: 'tags', type: 'tag_count', texts: ['<think>', '</think>', '<answer>', '</answer>'], weight: 0.5 },
    ],
  },
  json_extraction: {
    description:
      'A JSON object, equal to the one in the answer; names may come in any order. Column: answer, JSON as text.',
    rules: [
      { name: 'exact', type: 'answer_match', extract: { type: 'json_path' }, extract_expected: { type: 'json_path' } },
      {
        name: 'similarity',
        type: 'similarity',
        extract: { type: 'json_path' },
        extract_expected: { type: 'json_path' },
        weight: 0.5,
      },
      { name: 'valid_json', type: 'json_schema', schema: { type: 'object' }, weight: 0.2 },
    ],
  },

  'trl.accuracy_reward': {
    description:
      'Mathematical equivalence of what is boxed, by our algebra library in place of math-verify, which also takes a formula after "the answer is". Column: solution.',
    rules: [{ name: 'accuracy_reward', ...solved }],
  },
  'trl.reasoning_accuracy_reward': {
    description:
      'Mathematical equivalence of what is boxed after the last </think>; 0 without </think>. An answer in $…$ is not searched. Column: solution.',
    rules: [
      {
        name: 'reasoning_accuracy_reward',
        ...solved,
        extract: { type: 'chain', steps: [{ type: 'regex', pattern: '.*</think>(.*)' }, { type: 'boxed' }] },
      },
    ],
  },
  'trl.think_format_reward': {
    description: 'One <think>…</think> at the beginning. No column.',
    rules: [{ name: 'think_format_reward', type: 'think_format' }],
  },
  'trl.get_cosine_scaled_reward': {
    description: 'Length in tokens × correctness on a cosine; set max_length to max_len. Column: solution.',
    rules: [{ name: 'cosine_scaled_reward', type: 'cosine', correct: solved, max_length: 1000 }],
  },
  'trl.get_soft_overlong_punishment': {
    description: 'Set max_length to max_completion_len and cache to soft_punish_cache. No column.',
    rules: [{ name: 'soft_overlong_punishment_reward', type: 'soft_overlong', max_length: 256, cache: 64 }],
  },
  'trl.get_repetition_penalty_reward': {
    description: 'Repeated n-grams of tokens. No column.',
    rules: [{ name: 'repetition_penalty_reward', type: 'repetition', ngram_size: 3, max_penalty: -1 }],
  },

  'open_r1.accuracy_reward': {
    description:
      'Mathematical equivalence of what is boxed; no score where the solution cannot be read. Column: solution.',
    rules: [{ name: 'accuracy_reward', ...solved }],
  },
  'open_r1.format_reward': {
    description: 'think and answer tags on lines of their own, at the beginning. No column.',
    rules: [
      {
        name: 'format_reward',
        type: 'regex',
        pattern: '\\A<think>\\n.*?\\n</think>\\n<answer>\\n.*?\\n</answer>$',
        multiline: true,
      },
    ],
  },
  'open_r1.code_format_reward': {
    description:
      'As format_reward, with a fenced block of Python in the answer; put another language for python. No column.',
    rules: [
      {
        name: 'code_format_reward',
        type: 'regex',
        pattern: '\\A<think>\\n.*?\\n</think>\\n<answer>\\n.*?```python.*?```.*?\\n</answer>$',
        multiline: true,
      },
    ],
  },
  'open_r1.tag_count_reward': {
    description: 'A quarter for each of four tags, with its line breaks, that appears exactly once. No column.',
    rules: [{ name: 'tag_count_reward', type: 'tag_count' }],
  },
  'open_r1.reasoning_steps_reward': {
    description: 'Marks of step-by-step reasoning, three for the full score. No column.',
    rules: [
      {
        name: 'reasoning_steps_reward',
        type: 'pattern_count',
        pattern: 'Step \\p{Nd}+:|^\\p{Nd}+\\.|\\n-|\\n\\*|First,|Second,|Next,|Finally,',
        target: 3,
      },
    ],
  },
  'open_r1.len_reward': {
    description: 'The length reward of Kimi k1.5 in characters. Column: solution.',
    rules: [
      { name: 'len_reward', type: 'kimi_length', correct: solved, unit: 'characters', without_answer: 'correct' },
    ],
  },
  'open_r1.get_cosine_scaled_reward': {
    description: 'Length in characters × correctness on a cosine; set max_length to max_len. Column: solution.',
    rules: [
      {
        name: 'cosine_scaled_reward',
        type: 'cosine',
        correct: solved,
        unit: 'characters',
        max_length: 1000,
        clamp: false,
        without_answer: 1,
      },
    ],
  },
  'open_r1.get_soft_overlong_punishment': {
    description: "TRL's function; open-r1 runs it with 16,384 tokens, of which the last 4,096 are punished. No column.",
    rules: [{ name: 'soft_overlong_punishment_reward', type: 'soft_overlong', max_length: 16_384, cache: 4096 }],
  },
  'open_r1.get_repetition_penalty_reward': {
    description: 'Repeated n-grams of words; open-r1 runs it with 3-grams and a penalty of −1. No column.',
    rules: [{ name: 'repetition_penalty_reward', type: 'repetition', unit: 'words', ngram_size: 3, max_penalty: -1 }],
  },
} satisfies Record<string, RewardPreset>;

export type RewardPresetName = keyof typeof rewardPresets;

/** The rules of a preset, defaults filled in. */
export function rulesOfPreset(name: RewardPresetName): RewardRule[] {
  return rewardPresets[name].rules.map((rule) => rewardRuleSchema.parse(rule));
}
