/** The rules that weigh a completion's length by whether it is correct: the cosine reward, and the length reward of Kimi k1.5. */
import type { RewardRule, RuleOf } from '../contract/reward-rules.ts';
import type { CompiledGroupRule, CompiledRule, ScoredCompletion, Verdict } from './rule.ts';
import { short } from './wording.ts';

/** The check of correctness inside such a rule, as a rule of its own. */
export function correctnessOf({ name, correct }: RuleOf<'cosine' | 'kimi_length'>): RewardRule {
  return { ...correct, name, weight: 1, enabled: true, metric_only: false };
}

/**
 * min + (max − min) · (1 + cos(π · length ÷ max_length)) ÷ 2, "Demystifying Long Chain-of-Thought Reasoning" (arXiv 2502.03373) C.1 as
 * TRL and open-r1 have it: between the two values of correct answers, or those of wrong ones, swapped.
 *
 * @param correct says what is correct: where it scores 1. It is disposed of with the rule.
 */
export function compileCosine(rule: RuleOf<'cosine'>, correct: CompiledRule | CompiledGroupRule): CompiledGroupRule {
  const { max_length: end, clamp, unit, without_answer: without } = rule;
  return withCorrectness(correct, (completions, checks) =>
    completions.map((completion, index) => {
      const { score, why, spans } = checks[index];
      if (score === null) return { score: without, why: without === null ? why : `${why}; scored ${without}` };
      const length = lengthOf(completion, unit);
      const progress = clamp ? Math.min(length / end, 1) : length / end;
      const isRight = score === 1;
      // Of wrong answers the short ones are worse.
      const [low, high] = isRight
        ? [rule.min_value_correct, rule.max_value_correct]
        : [rule.max_value_wrong, rule.min_value_wrong];
      const value = low + 0.5 * (high - low) * (1 + Math.cos(progress * Math.PI));
      return {
        score: value,
        why: `${isRight ? 'correct' : 'wrong'}, ${length} of ${end} ${unit}: ${short(value)} (${why})`,
        ...(spans && { spans }),
      };
    }),
  );
}

/**
 * 0.5 − (length − shortest) ÷ (longest − shortest) over the completions of a group, and no more than 0 where wrong; all 0 where all
 * are of one length. Kimi k1.5 (arXiv 2501.12599) 2.3.3, open-r1's `len_reward`.
 *
 * @param correct says what is correct: where it scores 1. It is disposed of with the rule.
 */
export function compileKimiLength(
  rule: RuleOf<'kimi_length'>,
  correct: CompiledRule | CompiledGroupRule,
): CompiledGroupRule {
  const { unit, without_answer: without } = rule;
  return withCorrectness(correct, (completions, checks) => {
    const lengths = completions.map((completion) => lengthOf(completion, unit));
    const shortest = lengths.reduce((least, length) => Math.min(least, length), Infinity);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    return lengths.map((length, index): Verdict => {
      const { score, why, spans } = checks[index];
      if (score === null && without === 'null') return { score: null, why };
      if (longest === shortest) return { score: 0, why: `all completions of the group have ${length} ${unit}` };
      const isRight = score === 1 || score === null;
      const value = 0.5 - (length - shortest) / (longest - shortest);
      const held = isRight ? value : Math.min(0, value);
      const place = `${length} ${unit} between ${shortest} and ${longest}`;
      return {
        score: held,
        why: `${isRight ? 'correct' : 'wrong'}, ${place}: ${short(held)} (${why})`,
        ...(spans && { spans }),
      };
    });
  });
}

/** Tokens, the end token included; or characters as Python's `len` counts them, code points. */
function lengthOf({ tokens, text }: ScoredCompletion, unit: 'tokens' | 'characters'): number {
  if (unit === 'tokens') return tokens.length;
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return text.length - pairs;
}

function withCorrectness(
  correct: CompiledRule | CompiledGroupRule,
  score: (completions: readonly ScoredCompletion[], checks: readonly Verdict[]) => Verdict[],
): CompiledGroupRule {
  return {
    async scoreGroups(groups, warn) {
      const checks =
        typeof correct === 'function'
          ? groups.map(({ completions, row }) => completions.map((completion) => correct(completion, row)))
          : await correct.scoreGroups(groups, warn);
      return groups.map(({ completions }, index) => score(completions, checks[index]));
    },
    dispose() {
      if (typeof correct !== 'function') correct.dispose();
    },
  };
}
