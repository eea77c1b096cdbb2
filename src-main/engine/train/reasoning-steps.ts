/** Cuts a completion into reasoning steps and says what each is worth, for process supervision (DeepSeekMath §4.1.3). */
import type { DatasetRow } from '../../contract/dataset.ts';
import type { CompletionRecord } from '../../contract/engine.ts';
import type { RewardedStep } from '../../grpo/process-advantages.ts';
import type { RewardScorer } from '../../rewards/reward-scorer.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';

interface ReasoningStep {
  /** Index of its last token within the completion. */
  end: number;
  /** The completion's text up to and including that token, special tokens left out. */
  text: string;
}

/**
 * A step ends with the token whose text completes an occurrence of the separator; the last step ends with the last token. What follows
 * the last separator is a step only if it has text: an end token alone belongs to the step before it.
 *
 * @param tokens of a completion [T]
 */
export function reasoningSteps(
  tokens: Int32Array,
  separator: string,
  tokenizer: Pick<Tokenizer, 'stream'>,
): ReasoningStep[] {
  const stream = tokenizer.stream({ skipSpecialTokens: true });
  const last = tokens.length - 1;
  const steps: ReasoningStep[] = [];
  let text = '';
  let searched = 0; // occurrences do not overlap
  tokens.forEach((token, end) => {
    text += stream.push(token);
    if (end === last) text += stream.end();
    const before = searched;
    for (let at = text.indexOf(separator, searched); at >= 0; at = text.indexOf(separator, searched)) {
      searched = at + separator.length;
    }
    if (searched > before) steps.push({ end, text });
  });
  if (steps.at(-1)?.text === text) steps.pop();
  return [...steps, { end: last, text }];
}

/**
 * The rules judge whole texts, so a step is worth what it adds: the reward of the text up to its end minus that of the text up to the
 * step before, 0 where no rule applies and before the first step. It is the difference of a potential (Ng et al., 1999): the rewards of
 * the steps sum to the reward of the completion, so that no number of steps can earn more than the completion itself does.
 *
 * Each text up to a step is scored as a completion of its own, beside the others of the same completion.
 *
 * @param groups whose completions have their rewards
 */
export async function rewardedSteps(
  groups: readonly { prompt: string; row: DatasetRow; completions: readonly CompletionRecord[] }[],
  separator: string,
  { tokenizer, scorer }: { tokenizer: Tokenizer; scorer: RewardScorer },
): Promise<Map<CompletionRecord, RewardedStep[]>> {
  const cut = groups.flatMap(({ prompt, row, completions }) =>
    completions.map((completion) => ({
      prompt,
      row,
      completion,
      steps: reasoningSteps(completion.tokens, separator, tokenizer),
    })),
  );
  const totals = await scorer.scoreGroups(
    cut.map(({ prompt, row, completion, steps }) => ({
      prompt,
      row,
      completions: steps
        .slice(0, -1)
        .map(({ end, text }) => ({ text, tokens: completion.tokens.subarray(0, end + 1) })),
    })),
  );
  return new Map(
    cut.map(({ completion, steps }, i) => {
      let before = 0;
      const rewarded = steps.map(({ end }, place) => {
        const total = (place < steps.length - 1 ? totals[i][place] : completion).reward ?? 0;
        const added = total - before;
        before = total;
        return { end, reward: added };
      });
      return [completion, rewarded];
    }),
  );
}
