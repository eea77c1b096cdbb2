/** The rule against saying the same again: TRL's repetition penalty on n-grams of tokens, and open-r1's on those of words. */
import type { RuleOf } from '../contract/reward-rules.ts';
import type { CompiledRule, ScoredCompletion } from './rule.ts';

/** What Python's `str.split()` divides at, which open-r1's words come from. */
const whiteSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * max_penalty · (1 − unique n-grams / n-grams), "Demystifying Long Chain-of-Thought Reasoning" (arXiv 2502.03373) as TRL has it;
 * 0 for a completion shorter than an n-gram. Words are lower-case and divided by white space, as open-r1 has it.
 */
export function compileRepetition(rule: RuleOf<'repetition'>): CompiledRule {
  const { ngram_size: size, max_penalty: maxPenalty, unit } = rule;
  const noun = unit === 'tokens' ? 'token' : 'word';
  return (completion) => {
    const items = unit === 'tokens' ? Array.from(completion.tokens) : wordsOf(completion);
    const total = items.length - size + 1;
    if (total < 1) return { score: 0, why: `${items.length} ${noun}s, fewer than one ${size}-gram` };
    const unique = countUnique(items, size);
    const repeated = total - unique;
    if (repeated === 0) return { score: 0, why: `none of ${total} ${size}-grams of ${noun}s repeats an earlier one` };
    const verb = repeated === 1 ? 'repeats' : 'repeat';
    return {
      score: (1 - unique / total) * maxPenalty,
      why: `${repeated} of ${total} ${size}-grams of ${noun}s ${verb} an earlier one`,
    };
  };
}

function wordsOf({ text }: ScoredCompletion): string[] {
  return text
    .toLowerCase()
    .split(whiteSpace)
    .filter((word) => word !== '');
}

/**
 * The number of different n-grams. The n-gram at each place is a number that grows with its length: two places have the same number
 * for n items where they have the same for n − 1 and the same item after them; so the time is items · size whatever the items are.
 */
function countUnique(items: readonly (number | string)[], size: number): number {
  let ids = items.map(() => 0);
  let different = 0;
  for (let length = 1; length <= size; length++) {
    const known = new Map<number | string, Map<number, number>>();
    different = 0;
    ids = Array.from({ length: items.length - length + 1 }, (_, start) => {
      const item = items[start + length - 1];
      let after = known.get(item);
      if (after === undefined) known.set(item, (after = new Map<number, number>()));
      let id = after.get(ids[start]);
      if (id === undefined) after.set(ids[start], (id = different++));
      return id;
    });
  }
  return different;
}
