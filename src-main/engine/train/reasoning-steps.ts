/** Cuts a completion into reasoning steps and says what each is worth, for process supervision (DeepSeekMath §4.1.3). */
import type { DatasetRow } from '../../contract/dataset.ts';
import type { CompletionRecord } from '../../contract/engine.ts';
import type { RewardedStep } from '../../grpo/process-advantages.ts';
import type { RewardScorer } from '../../rewards/compile-rules.ts';
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
 * @param completion with its reward
 */
export function rewardedSteps(
  { tokens, reward }: Pick<CompletionRecord, 'tokens' | 'reward'>,
  row: DatasetRow,
  separator: string,
  { tokenizer, scorer }: { tokenizer: Tokenizer; scorer: RewardScorer },
): RewardedStep[] {
  let before = 0;
  return reasoningSteps(tokens, separator, tokenizer).map(({ end, text }) => {
    const whole = end === tokens.length - 1;
    const total = (whole ? reward : scorer.score({ text, tokens: tokens.subarray(0, end + 1) }, row).reward) ?? 0;
    const added = total - before;
    before = total;
    return { end, reward: added };
  });
}
