/** Scores texts that a person typed, as one group. */
import type { DatasetRow } from '../../../contract/dataset.ts';
import type { RewardRule } from '../../../contract/reward-rules.ts';
import type { BenchReport } from '../../../contract/rewards.ts';
import { noRow, promptText, withBench, type BenchOptions } from './bench.ts';
import { roughNote, roughTokenizer, type Tokenize } from './rough-tokens.ts';

/**
 * @param row the problem that the texts answer; null: none, so rules that compare with a column do not apply
 * @param tokenize the policy's tokenizer; left out: words and marks
 */
export function benchText(
  rules: readonly RewardRule[],
  texts: readonly string[],
  row: DatasetRow | null,
  { tokenize, ...options }: BenchOptions & { tokenize?: Tokenize } = {},
): Promise<BenchReport> {
  const encode = tokenize ?? roughTokenizer();
  return withBench(rules, options, async (bench) => {
    const completions = texts.map((text) => ({ text, tokens: encode(text) }));
    const asked = row ?? noRow;
    await bench.score([
      { row: asked, hasRow: row !== null, step: null, prompt: promptText(asked.prompt), completions },
    ]);
    return bench.report(tokenize === undefined && countsTokens(rules) ? [roughNote] : []);
  });
}

/** Whether some rule looks at tokens. */
export function countsTokens(rules: readonly RewardRule[]): boolean {
  return rules.some((rule) => {
    if (!rule.enabled) return false;
    if (rule.type === 'cosine' || rule.type === 'kimi_length' || rule.type === 'repetition')
      return rule.unit === 'tokens';
    return rule.type === 'length_band' || rule.type === 'soft_overlong' || rule.type === 'javascript';
  });
}
