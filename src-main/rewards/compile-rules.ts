/** Makes a scorer of the rules in a config, so that a mistake in a rule is reported before anything is sampled. */
import type { DatasetRow } from '../contract/dataset.ts';
import type { RuleScore } from '../contract/engine.ts';
import { StudioError } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import { compileAnswerMatch } from './answer-match.ts';
import { compileFormat } from './format.ts';
import { compileRegex } from './regex.ts';
import { compileRepetition } from './repetition.ts';
import type { CompiledRule, ScoredCompletion } from './rule.ts';
import { compileSoftOverlong } from './soft-overlong.ts';
import { scoreThinkFormat } from './think-format.ts';

export interface RewardScorer {
  /** Names of the rules, in the order of the config. */
  names: string[];
  /**
   * Scores one completion by every rule. `reward` is the weighted sum of the scores that apply, null when none does
   * (TRL: `nansum` of weight × score, NaN when all are NaN).
   */
  score(completion: ScoredCompletion, row: DatasetRow): { reward: number | null; scores: RuleScore[] };
}

/** @throws StudioError reward_invalid; its field is the place in the config, such as `rewards.0.pattern` */
export function compileRules(rules: RewardRule[]): RewardScorer {
  const names = rules.map((rule) => rule.name);
  names.forEach((name, index) => {
    const first = names.indexOf(name);
    if (first === index) return;
    const field = `rewards.${index}.name`;
    throw new StudioError(
      'reward_invalid',
      `rewards.${first} and rewards.${index} are both named "${name}". Names must differ.`,
      { field },
    );
  });
  const compiled = rules.map((rule, index) => compileRule(rule, `rewards.${index}`));
  return {
    names,
    score: (completion, row) => {
      const scores = compiled.map((score, index) => ({ rule: names[index], ...score(completion, row) }));
      let reward: number | null = null;
      scores.forEach(({ score }, index) => {
        if (score !== null) reward = (reward ?? 0) + rules[index].weight * score;
      });
      return { reward, scores };
    },
  };
}

function compileRule(rule: RewardRule, field: string): CompiledRule {
  switch (rule.type) {
    case 'answer_match':
      return compileAnswerMatch(rule, field);
    case 'regex':
      return compileRegex(rule, field);
    case 'format':
      return compileFormat(rule, field);
    case 'think_format':
      return scoreThinkFormat;
    case 'soft_overlong':
      return compileSoftOverlong(rule, field);
    case 'repetition':
      return compileRepetition(rule);
  }
}
