/** The rule against saying the same again: TRL's repetition penalty on n-grams of tokens. */
import type { RewardRule } from '../contract/reward-rules.ts';
import type { CompiledRule } from './rule.ts';

/**
 * max_penalty · (1 − unique n-grams / n-grams), "Demystifying Long Chain-of-Thought Reasoning" (arXiv 2502.03373) as TRL has it;
 * 0 for a completion shorter than an n-gram.
 */
export function compileRepetition(rule: Extract<RewardRule, { type: 'repetition' }>): CompiledRule {
  const { ngram_size: size, max_penalty: maxPenalty } = rule;
  return ({ tokens }) => {
    const total = tokens.length - size + 1;
    if (total < 1) return { score: 0, why: `${tokens.length} tokens, fewer than one ${size}-gram` };
    const ids = Array.from(tokens);
    const unique = new Set(Array.from({ length: total }, (_, start) => ids.slice(start, start + size).join()));
    const repeated = total - unique.size;
    if (repeated === 0) return { score: 0, why: `none of ${total} ${size}-grams of tokens repeats an earlier one` };
    const verb = repeated === 1 ? 'repeats' : 'repeat';
    return {
      score: (1 - unique.size / total) * maxPenalty,
      why: `${repeated} of ${total} ${size}-grams of tokens ${verb} an earlier one`,
    };
  };
}
