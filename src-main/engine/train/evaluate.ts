/** Held-out evaluation: one greedy completion for each row, scored by the reward rules. */
import type { SamplingConfig } from '../../contract/config.ts';
import type { DatasetRow } from '../../contract/dataset.ts';
import type { EvaluationRecord, EvaluationSample } from '../../contract/engine.ts';
import { samplingMetrics } from '../../grpo/metrics.ts';
import type { RewardScorer } from '../../rewards/reward-scorer.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import type { Policy } from '../model/policy.ts';
import { rollout } from '../sampler/rollout.ts';

/** Rows sampled together. */
const BATCH_ROWS = 64;

/**
 * @param step steps taken so far, noted in the record
 * @returns the answers with their scores; the metric `accuracy` is the mean of the first rule
 */
export async function evaluate(
  policy: Policy,
  tokenizer: Tokenizer,
  scorer: RewardScorer,
  rows: readonly DatasetRow[],
  sampling: SamplingConfig,
  step: number,
): Promise<EvaluationRecord> {
  const samples: EvaluationSample[] = [];
  for (let start = 0; start < rows.length; start += BATCH_ROWS) {
    const batch = rows.slice(start, start + BATCH_ROWS);
    const prompts = batch.map(({ prompt }) => tokenizer.encodePrompt(prompt));
    const tokens = prompts.map((prompt) => prompt.tokens);
    const completions = rollout(policy, tokenizer, tokens, {
      sampling,
      generations: 1,
      greedy: true,
      seed: 0,
      path: [],
    });
    const scores = await scorer.scoreGroups(
      batch.map((row, i) => ({ prompt: prompts[i].text, row, completions: completions[i] })),
    );
    batch.forEach((row, i) => {
      const [{ text, tokens, finishReason }] = completions[i];
      samples.push({
        row: row.index,
        prompt: prompts[i].text,
        text,
        tokens,
        finishReason,
        ...scores[i][0],
      });
    });
  }
  const metrics = samplingMetrics(
    samples.map(({ tokens, finishReason, reward, scores }) => ({
      completions: [
        {
          length: tokens.length,
          terminated: finishReason !== 'length',
          reward,
          scores: scores.map(({ score }) => score),
        },
      ],
    })),
    scorer.names,
  );
  const accuracy: number | undefined = metrics[`rewards/${scorer.names[0]}/mean`];
  if (accuracy !== undefined) metrics.accuracy = accuracy;
  return { step, metrics, samples };
}
