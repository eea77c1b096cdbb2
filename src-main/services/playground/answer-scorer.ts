/** Scores the completions of policies that are tried: each as soon as it is whole, or all of a policy's together where a rule compares them. */
import type { DatasetRow } from '../../contract/dataset.ts';
import type { RewardRule } from '../../contract/reward-rules.ts';
import type { CompileOptions } from '../../rewards/compile-rule.ts';
import { compileRules } from '../../rewards/compile-rules.ts';
import type { CompletionScore } from '../../rewards/reward-scorer.ts';
import { isPointwise } from '../../rewards/rule-types.ts';
import type { ScoredCompletion } from '../../rewards/rule.ts';

interface PlacedCompletion extends ScoredCompletion {
  place: number;
}

type Tell = (place: number, score: CompletionScore) => void;

export interface AnswerScorer {
  /** Names of the enabled rules, in the order of the scores. */
  names: readonly string[];
  /** A completion of a policy is whole. */
  add(policy: number, prompt: string, completion: PlacedCompletion, tell: Tell): void;
  /** All of a policy's are. Resolves once their scores were told; rejects when they cannot be scored. */
  finish(policy: number, prompt: string, tell: Tell): Promise<void>;
  dispose(): void;
}

/** @throws StudioError reward_invalid */
export async function createAnswerScorer(
  rules: readonly RewardRule[],
  row: DatasetRow,
  options: CompileOptions,
): Promise<AnswerScorer> {
  const scorer = await compileRules(rules, options);
  /** Rules that wait for something outside, or compare completions, are asked once a policy. */
  const atOnce = rules.every((rule) => !rule.enabled || isPointwise(rule));
  const waiting = new Map<number, PlacedCompletion[]>();
  const scoring = new Map<number, Promise<void>[]>();

  async function score(prompt: string, completions: readonly PlacedCompletion[], tell: Tell): Promise<void> {
    const [scores] = await scorer.scoreGroups([{ prompt, row, completions }]);
    completions.forEach(({ place }, i) => tell(place, scores[i]));
  }

  return {
    names: scorer.names,
    add(policy, prompt, completion, tell) {
      if (!atOnce) {
        waiting.set(policy, [...(waiting.get(policy) ?? []), completion]);
        return;
      }
      const scored = score(prompt, [completion], tell);
      scored.catch(() => undefined); // who finishes is told
      scoring.set(policy, [...(scoring.get(policy) ?? []), scored]);
    },
    async finish(policy, prompt, tell) {
      const together = waiting.get(policy) ?? [];
      await Promise.all(scoring.get(policy) ?? []);
      if (together.length > 0) await score(prompt, together, tell);
    },
    dispose: () => scorer.dispose(),
  };
}
