/** The rule that scores how like a reference an answer is: by edit distance, or by ROUGE-L. */
import { distance } from 'fastest-levenshtein';
import type { RuleOf } from '../contract/reward-rules.ts';
import { compileComparison, notApplicable } from './comparison.ts';
import type { CompiledRule } from './rule.ts';
import { plural, short } from './wording.ts';

/** Both measures take time with the product of the lengths: of longer texts only so much is compared, and the sentence says so. */
const MOST_CHARACTERS = 4000;
const MOST_WORDS = 800;

/**
 * The rule does not apply to a row without a reference. A completion without an answer scores 0.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileSimilarity(rule: RuleOf<'similarity'>, field: string): CompiledRule {
  const comparison = compileComparison(rule, field);
  const measure = rule.measure === 'edit' ? editSimilarity : rougeL;
  return ({ text }, row) => {
    const right = comparison.expected(row);
    if ('missing' in right) return notApplicable(right.missing);
    const answer = comparison.answer(text);
    if ('missing' in answer) return { score: 0, why: `${answer.missing} in the completion` };
    return { ...measure(answer.found, right.found), spans: [answer.span] };
  };
}

/** 1 − Levenshtein distance ÷ length of the longer text, in UTF-16 units; two empty texts are equal. */
function editSimilarity(answer: string, reference: string): { score: number; why: string } {
  const [a, b] = [answer.slice(0, MOST_CHARACTERS), reference.slice(0, MOST_CHARACTERS)];
  const longer = Math.max(a.length, b.length);
  const edits = distance(a, b);
  const score = longer === 0 ? 1 : 1 - edits / longer;
  const limit = cutNote(answer.length > a.length || reference.length > b.length, `${MOST_CHARACTERS} characters`);
  return {
    score,
    why: `${plural(edits, 'edit')} between ${a.length} and ${b.length} characters: ${short(score)}${limit}`,
  };
}

/** F1 of the longest common subsequence of words (Lin 2004, ROUGE-L with β = 1); words are runs of letters and digits, lower-case. */
function rougeL(answer: string, reference: string): { score: number; why: string } {
  const [allA, allB] = [wordsOf(answer), wordsOf(reference)];
  const [a, b] = [allA.slice(0, MOST_WORDS), allB.slice(0, MOST_WORDS)];
  const common = longestCommonSubsequence(a, b);
  const score = common === 0 ? 0 : (2 * common) / (a.length + b.length); // 2PR/(P+R), P = common/|a|, R = common/|b|
  const limit = cutNote(allA.length > a.length || allB.length > b.length, `${MOST_WORDS} words`);
  return {
    score,
    why: `${plural(common, 'word')} in common, in order, of ${a.length} and ${b.length}: ROUGE-L ${short(score)}${limit}`,
  };
}

function cutNote(isCut: boolean, limit: string): string {
  return isCut ? ` (of the first ${limit})` : '';
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Length of the longest common subsequence, by dynamic programming over one row. */
function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  const ids = new Map(b.map((word, index) => [word, index]));
  const right = Uint16Array.from(b, (word) => ids.get(word)!);
  const row = new Uint16Array(b.length + 1); // row[j]: longest of a's words so far and b's first j
  for (const word of a) {
    const id = ids.get(word);
    if (id === undefined) continue; // changes nothing
    let diagonal = 0;
    for (let j = 1; j < row.length; j++) {
      const above = row[j];
      row[j] = right[j - 1] === id ? diagonal + 1 : Math.max(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row[b.length];
}
