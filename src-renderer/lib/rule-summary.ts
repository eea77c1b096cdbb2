/** A rule in one sentence, for its card when it is folded. Settings may be missing or wrong: it says what is there. */
import type { RewardRule } from '../../src-main/contract/reward-rules.ts';
import { ruleKinds } from './rule-kinds.ts';
import { textOf, withDefaults, type Schema, type Values } from './rule-schema.ts';

type Describe = (rule: Values) => string;

const column = (name: unknown) => `column ${textOf(name)}`;
const listed = (texts: unknown) => (Array.isArray(texts) ? texts.map((text) => JSON.stringify(text)).join(', ') : '…');

/** `the text in <answer>`, `the last number`. */
function extracted(extraction: unknown): string {
  const { type, tag, marker, path, group, steps } = (extraction ?? {}) as Values;
  switch (type) {
    case 'tag':
      return `the text in <${textOf(tag)}>`;
    case 'regex':
      return `group ${textOf(group, '1')} of a pattern`;
    case 'last_number':
      return 'the last number';
    case 'boxed':
      return 'the inside of \\boxed{}';
    case 'after':
      return `what follows ${textOf(marker, '####')}`;
    case 'json_path':
      return path === undefined || path === '' ? 'the JSON' : `${textOf(path)} of the JSON`;
    case 'reasoning':
      return 'the reasoning';
    case 'answer_part':
      return 'the answer';
    case 'chain':
      return Array.isArray(steps) ? steps.map(extracted).reverse().join(' in ') : 'a part';
    default:
      return 'the whole text';
  }
}

const comparisons: Record<string, string> = {
  exact: 'is equal to',
  numeric: 'is the same number as',
  one_of: 'is one of the answers in',
  set: 'has the same answers as',
};

const sentences: Partial<Record<RewardRule['type'], Describe>> = {
  answer_match: (rule) =>
    `${extracted(rule['extract'])} ${comparisons[textOf(rule['compare'])]} ${column(rule['column'])}`,
  column_compare: (rule) => `${extracted(rule['extract'])} ${textOf(rule['operator'])} ${column(rule['column'])}`,
  similarity: (rule) => `how much ${extracted(rule['extract'])} resembles ${column(rule['column'])}`,
  math: (rule) =>
    `${rule['extract'] === undefined ? 'the answer' : extracted(rule['extract'])} is mathematically equal to ${column(rule['column'])}`,
  countdown: (rule) =>
    `${extracted(rule['extract'])} makes ${column(rule['target_column'])} of ${column(rule['numbers_column'])}`,
  regex: (rule) => `${extracted(rule['extract'])} matches /${textOf(rule['pattern'])}/`,
  pattern_count: (rule) => `up to ${textOf(rule['target'])} matches of /${textOf(rule['pattern'])}/`,
  contains: (rule) => `${extracted(rule['extract'])} contains ${textOf(rule['need'])} of ${listed(rule['texts'])}`,
  not_contains: (rule) => `${extracted(rule['extract'])} contains none of ${listed(rule['texts'])}`,
  tag_count: (rule) => `the share of ${listed(rule['texts'])} that appear exactly once`,
  format: (rule) => {
    const tags = Array.isArray(rule['tags']) ? rule['tags'] : [];
    return `${tags.map((tag) => `<${tag}>…</${tag}>`).join('')} and nothing else`;
  },
  script: (rule) => `the share of ${textOf(rule['script'])} letters in ${extracted(rule['extract'])}`,
  language: (rule) => `${extracted(rule['extract'])} is in the language ${textOf(rule['language'])}`,
  length_band: (rule) => `from ${textOf(rule['min'])} to ${textOf(rule['max'], '…')} tokens long`,
  soft_overlong: (rule) =>
    `falls to −1 over the last ${textOf(rule['cache'], '…')} of ${textOf(rule['max_length'], '…')} tokens`,
  repetition: (rule) =>
    `${textOf(rule['max_penalty'])} × the share of repeated ${textOf(rule['ngram_size'])}-grams of ${textOf(rule['unit'])}`,
  cosine: (rule) => `length up to ${textOf(rule['max_length'], '…')} ${textOf(rule['unit'])} × correctness`,
  judge: (rule) => `asks ${textOf(rule['model'], 'a model')} at ${textOf(rule['url'])}, ${textOf(rule['mode'])}`,
  reward_model: (rule) => `what ${textOf(rule['model'], 'a reward model')} says of the completion`,
};

/** @param schema of the rule's type; gives the defaults of what is left out */
export function summaryOf(rule: Values, schema: Schema | undefined): string {
  const type = rule['type'] as RewardRule['type'];
  const sentence = sentences[type]?.(withDefaults(rule, schema)) ?? ruleKinds[type]?.about ?? '';
  return sentence === '' ? '' : sentence[0].toUpperCase() + sentence.slice(1);
}
