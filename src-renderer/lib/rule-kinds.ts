/** The types of rules as a person chooses among them: what each is called, and what it rewards. */
import { textOf } from './rule-schema.ts';
import type { RewardRule } from '../../src-main/contract/reward-rules.ts';

type RuleType = RewardRule['type'];

interface RuleKind {
  title: string;
  /** What it rewards, in one sentence without its end. */
  about: string;
}

const answers = {
  answer_match: {
    title: 'Answer match',
    about: 'The answer is equal to a column: as text, as a number, or one of several',
  },
  math: { title: 'Math', about: 'The answer is mathematically equal to a column: 1/2, 0.5 and \\frac12 are the same' },
  countdown: { title: 'Countdown', about: 'An expression that makes a target of the given numbers' },
  column_compare: { title: 'Comparison', about: 'The answer is smaller than, contained in, or unequal to a column' },
  similarity: { title: 'Similarity', about: 'How much the answer resembles a column, by edits or shared words' },
  json_schema: { title: 'JSON schema', about: 'The completion holds JSON that fits a schema' },
  code_tests: { title: 'Code tests', about: "The completion's JavaScript passes the tests of a column, in a sandbox" },
} satisfies Partial<Record<RuleType, RuleKind>>;

const texts = {
  format: { title: 'Format', about: 'Tags follow one another, each exactly once, and nothing is around them' },
  think_format: { title: 'Think format', about: 'The completion starts with one <think>…</think>' },
  tag_count: { title: 'Tag count', about: 'The share of given texts that appear exactly once' },
  regex: { title: 'Regular expression', about: 'A pattern matches' },
  pattern_count: { title: 'Pattern count', about: 'How often a pattern matches, up to a number' },
  contains: { title: 'Contains', about: 'Given texts appear' },
  not_contains: { title: 'Does not contain', about: 'None of the given texts appears' },
  language: { title: 'Language', about: 'The text is in a language' },
  script: { title: 'Script', about: 'The share of letters of a script, such as Latin or Cyrillic' },
} satisfies Partial<Record<RuleType, RuleKind>>;

const lengths = {
  length_band: { title: 'Length band', about: 'The completion is neither too short nor too long' },
  soft_overlong: {
    title: 'Soft overlong punishment',
    about: 'A penalty that grows over the last tokens before a limit',
  },
  repetition: { title: 'Repetition', about: 'A penalty for saying the same again' },
  cosine: { title: 'Cosine length', about: 'Shorter is better where the answer is right, and worse where it is wrong' },
  kimi_length: {
    title: 'Kimi length',
    about: 'Shorter than the others of the group is better, where the answer is right',
  },
} satisfies Partial<Record<RuleType, RuleKind>>;

const minds = {
  javascript: { title: 'JavaScript', about: 'A score that you write yourself; it runs in a sandbox' },
  judge: { title: 'Judge', about: 'A language model on this computer says how good the completion is' },
  reward_model: { title: 'Reward model', about: 'A reward model that you trained says how good the completion is' },
} satisfies Partial<Record<RuleType, RuleKind>>;

export const ruleKinds: Record<RuleType, RuleKind> = { ...answers, ...texts, ...lengths, ...minds };

export const ruleGroups: { name: string; types: RuleType[] }[] = [
  { name: 'Right answers', types: Object.keys(answers) as RuleType[] },
  { name: 'Form and text', types: Object.keys(texts) as RuleType[] },
  { name: 'Length', types: Object.keys(lengths) as RuleType[] },
  { name: 'Code and models', types: Object.keys(minds) as RuleType[] },
];

/** What a type is called; a type of a newer studio by its own name. */
export const titleOf = (type: unknown): string => ruleKinds[type as RuleType]?.title ?? textOf(type);
