/** What implements which type of rule, for the types that score one completion at once. */
import type { RewardRule, RuleOf } from '../contract/reward-rules.ts';
import { compileAnswerMatch } from './answer-match.ts';
import { compileColumnCompare } from './column-compare.ts';
import { compileContains, compileNotContains, compileTagCount } from './contains.ts';
import { compileCountdown } from './countdown.ts';
import { compileFormat } from './format.ts';
import { compileJsonSchema } from './json-schema.ts';
import { compileScript } from './language.ts';
import { compileLengthBand } from './length-band.ts';
import { compilePatternCount, compileRegex } from './regex.ts';
import { compileRepetition } from './repetition.ts';
import type { CompiledRule } from './rule.ts';
import { compileSimilarity } from './similarity.ts';
import { compileSoftOverlong } from './soft-overlong.ts';
import { scoreThinkFormat } from './think-format.ts';

/** Types that wait for something, or compare the completions of a group, are compiled elsewhere. */
type PointwiseType = Exclude<
  RewardRule['type'],
  'language' | 'math' | 'cosine' | 'kimi_length' | 'code_tests' | 'javascript' | 'judge' | 'reward_model'
>;

export type PointwiseRule = RuleOf<PointwiseType>;

const pointwise: { [Type in PointwiseType]: (rule: RuleOf<Type>, field: string) => CompiledRule } = {
  answer_match: compileAnswerMatch,
  column_compare: compileColumnCompare,
  contains: compileContains,
  countdown: compileCountdown,
  format: compileFormat,
  json_schema: compileJsonSchema,
  length_band: compileLengthBand,
  not_contains: compileNotContains,
  pattern_count: compilePatternCount,
  regex: compileRegex,
  repetition: compileRepetition,
  script: compileScript,
  similarity: compileSimilarity,
  soft_overlong: compileSoftOverlong,
  tag_count: compileTagCount,
  think_format: () => scoreThinkFormat,
};

export function isPointwise(rule: RewardRule): rule is PointwiseRule {
  return Object.hasOwn(pointwise, rule.type);
}

/**
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compilePointwise(rule: PointwiseRule, field: string): CompiledRule {
  const compile = pointwise[rule.type] as (rule: PointwiseRule, field: string) => CompiledRule;
  return compile(rule, field);
}
