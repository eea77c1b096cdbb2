/** Compiles one rule of any type: to a function, or to an object where it takes time or compares completions. */
import type { RewardRule } from '../contract/reward-rules.ts';
import type { RewardModelRule } from '../contract/reward-rules/reward-model.ts';
import { compileJudge } from './judge/judge-rule.ts';
import { compileLanguage } from './language.ts';
import { compileCosine, compileKimiLength, correctnessOf } from './length-correctness.ts';
import { compileMath } from './math/math-rule.ts';
import type { CompiledGroupRule, CompiledRule } from './rule.ts';
import { compilePointwise, isPointwise } from './rule-types.ts';
import { compileCodeTests } from './sandbox/code-tests-rule.ts';
import { compileJavascript } from './sandbox/javascript-rule.ts';
import { withoutRewardModel } from './without-reward-model.ts';

/** What a composer brings for rules that need more than text. */
export interface CompileOptions {
  /** Loads a trained reward model; left out where there is no engine: such a rule then has no scores. */
  rewardModel?: (rule: RewardModelRule, field: string) => Promise<CompiledGroupRule>;
  /** Folder where judges' replies are kept; left out: in memory only. */
  judgeReplies?: string;
}

/**
 * @param field the rule's place in the config, such as `rewards.0`
 * @throws StudioError reward_invalid; its field is the place in the config, such as `rewards.0.pattern`
 */
export async function compileRule(
  rule: RewardRule,
  field: string,
  options: CompileOptions,
): Promise<CompiledRule | CompiledGroupRule> {
  if (isPointwise(rule)) return compilePointwise(rule, field);
  switch (rule.type) {
    case 'language':
      return compileLanguage(rule, field);
    case 'math':
      return compileMath(rule, field);
    case 'cosine':
      return compileCosine(rule, await compileRule(correctnessOf(rule), `${field}.correct`, options));
    case 'kimi_length':
      return compileKimiLength(rule, await compileRule(correctnessOf(rule), `${field}.correct`, options));
    case 'code_tests':
      return compileCodeTests(rule, field);
    case 'javascript':
      return compileJavascript(rule, field);
    case 'judge':
      return compileJudge(rule, field, options.judgeReplies);
    case 'reward_model':
      return options.rewardModel === undefined ? withoutRewardModel : options.rewardModel(rule, field);
  }
}
