/** Scores texts with a reward model: what a reward rule that asks one needs. */
import type { Prompt } from '../../contract/dataset.ts';
import { StudioError } from '../../contract/errors.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import type { TokenGroup } from '../model/packed-batch.ts';
import { completionTokens } from './examples.ts';
import type { RewardModel } from './reward-model.ts';
import { scoreTokens } from './sequence-scores.ts';

/** A text to judge; its prompt is rendered with the reward model's own template. */
export interface CompletionToScore {
  prompt: Prompt;
  completion: string;
}

/** Completions scored together. */
const BATCH_COMPLETIONS = 64;

/**
 * Scores finished completions, each with the end token after it, as the model has learnt them. Neighbours with the same prompt
 * share its computation.
 *
 * @param tokenizer of the reward model, not of the policy
 * @returns one score for each completion, in their order
 * @throws StudioError `reward_invalid` when a text is longer than the reward model's context
 */
export function scoreCompletions(
  model: RewardModel,
  tokenizer: Tokenizer,
  completions: readonly CompletionToScore[],
): Float32Array {
  const scores = new Float32Array(completions.length);
  for (let start = 0; start < completions.length; start += BATCH_COMPLETIONS) {
    const batch = completions.slice(start, start + BATCH_COMPLETIONS);
    scores.set(scoreTokens(model, groupsOf(batch, tokenizer, model.config.maxPositions)), start);
  }
  return scores;
}

function groupsOf(completions: readonly CompletionToScore[], tokenizer: Tokenizer, maxPositions: number): TokenGroup[] {
  const groups: { promptTokens: Int32Array; completions: Int32Array[] }[] = [];
  let lastPrompt: string | null = null;
  for (const { prompt, completion } of completions) {
    const key = JSON.stringify(prompt);
    if (key !== lastPrompt) groups.push({ promptTokens: tokenizer.encodePrompt(prompt).tokens, completions: [] });
    lastPrompt = key;
    const group = groups[groups.length - 1];
    const tokens = completionTokens(completion, tokenizer);
    const length = group.promptTokens.length + tokens.length;
    if (length > maxPositions) {
      const message = `a completion has ${length} tokens with its prompt, more than the reward model's context of ${maxPositions}; lower max_completion_length`;
      throw new StudioError('reward_invalid', message, { field: 'max_completion_length' });
    }
    group.completions.push(tokens);
  }
  return groups;
}
