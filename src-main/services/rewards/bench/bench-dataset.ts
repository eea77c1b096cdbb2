/** Asks of every row of a dataset: does a perfect answer get the maximum? */
import type { DatasetRow } from '../../../contract/dataset.ts';
import type { RuleScore } from '../../../contract/engine.ts';
import type { RewardRule } from '../../../contract/reward-rules.ts';
import type { BenchFinding, GoldReport, ImperfectGold, MissedScore } from '../../../contract/rewards.ts';
import type { CompletionScore } from '../../../rewards/reward-scorer.ts';
import { countsTokens } from './bench-text.ts';
import { promptText, withBench, type BenchOptions } from './bench.ts';
import { goldCompletion } from './gold-completion.ts';
import { rightAnswer } from './right-answer.ts';
import { roughNote, roughTokenizer, type Tokenize } from './rough-tokens.ts';
import { bestForAnswer } from './rule-range.ts';
import { weightOf } from './tally.ts';

/** Rows scored together. */
const BATCH = 64;
/** Rows and reasons that are told of. */
const TOLD = 20;

/** @param tokenize the policy's tokenizer; left out: words and marks */
export function benchDataset(
  rules: readonly RewardRule[],
  rows: readonly DatasetRow[],
  { tokenize, ...options }: BenchOptions & { tokenize?: Tokenize } = {},
): Promise<GoldReport> {
  const encode = tokenize ?? roughTokenizer();
  return withBench(rules, options, async (bench) => {
    const judged = bench.rules.filter((rule) => bestForAnswer(rule) !== null);
    const gold = { rows: rows.length, unwritten: 0, perfect: 0, judged: judged.map(({ name }) => name) };
    const imperfect: ImperfectGold[] = [];
    const reasons = new Set<string>();
    let short = 0;
    for (let start = 0; start < rows.length; start += BATCH) {
      const batch = rows.slice(start, start + BATCH).flatMap((row) => {
        const written = goldCompletion(rules, row);
        if ('text' in written) {
          const completions = [{ text: written.text, tokens: encode(written.text) }];
          return [{ row, hasRow: true, step: null, prompt: promptText(row.prompt), completions }];
        }
        gold.unwritten++;
        if (reasons.size < TOLD) reasons.add(written.missing);
        return [];
      });
      const scored = await bench.score(batch);
      scored.forEach(([score], index) => {
        const { row, completions } = batch[index];
        const missed = missedBy(bench.rules, row, score);
        if (missed.length === 0) return gold.perfect++;
        short++;
        const [{ text }] = completions;
        if (imperfect.length < TOLD) imperfect.push({ row: row.index, completion: text, reward: score.reward, missed });
      });
      const done = Math.min(start + BATCH, rows.length);
      options.onProgress?.(done / rows.length, `${done} of ${rows.length} rows`);
    }
    const report = bench.report([
      ...(judged.length === 0 ? ['No rule of this set judges answers, so a perfect answer is like any other.'] : []),
      ...(tokenize === undefined && countsTokens(rules) ? [roughNote] : []),
    ]);
    const findings = [...goldFindings(short, gold.rows - gold.unwritten, imperfect), ...report.findings];
    return { ...report, findings, gold: { ...gold, imperfect, reasons: [...reasons] } };
  });
}

/**
 * The rules that a perfect answer should satisfy and did not. A rule that is a metric only is not among them, nor is one that does not
 * apply to the row where another does that asks for an answer.
 */
function missedBy(rules: readonly RewardRule[], row: DatasetRow, { scores }: CompletionScore): MissedScore[] {
  const asked = rules.flatMap((rule, place) => {
    const best = bestForAnswer(rule);
    return best === null || weightOf(rule) === 0 ? [] : { rule: rule.name, best, ...pick(scores[place]) };
  });
  const asksAnswer = (name: string) => rules.some((rule) => rule.name === name && rightAnswer(rule, row) !== null);
  const isJudged = asked.some(({ rule, score }) => score !== null && asksAnswer(rule));
  return asked.filter(({ score, best }) => (score === null ? !isJudged : score < best - 1e-9));
}

function pick({ score, why }: RuleScore): Pick<RuleScore, 'score' | 'why'> {
  return { score, why };
}

function goldFindings(short: number, written: number, [first]: readonly ImperfectGold[]): BenchFinding[] {
  if (first === undefined) return [];
  const [{ rule, score, best, why }] = first.missed;
  const message = `In ${short} of ${written} rows a perfect answer does not get the best score. Row ${first.row}: ${rule} gives ${score ?? 'no score'} in place of ${best} (${why}).`;
  return [{ code: 'gold_not_best', rule, message }];
}
