/** A trained reward model as a reward rule: its judgement of the completion after the row's prompt, under its own chat template. */
import { StudioError } from '../../contract/errors.ts';
import type { RewardModelRule } from '../../contract/reward-rules/reward-model.ts';
import type { CompiledGroupRule, ScoredGroup, Verdict } from '../../rewards/rule.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';
import { tokenizerFolder } from '../model/adapter-files.ts';
import { completionTokens } from './examples.ts';
import { loadRewardModel, type RewardModel } from './reward-model.ts';
import { scoreCompletions, type CompletionToScore } from './score-completions.ts';

/**
 * Loads the rule's model once; the rule keeps it until it is disposed of.
 *
 * @param field the rule's place in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when the folder holds no reward model
 */
export async function loadRewardModelRule(rule: RewardModelRule, field: string): Promise<CompiledGroupRule> {
  const { model: folder, sigmoid } = rule;
  let model: RewardModel;
  let tokenizer: Tokenizer;
  try {
    tokenizer = await loadTokenizer(await tokenizerFolder(folder));
    model = await loadRewardModel(folder);
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    throw new StudioError('reward_invalid', error.message, { path: folder, field: `${field}.model` }, { cause: error });
  }
  return {
    async scoreGroups(groups, warn) {
      const fitting: CompletionToScore[] = [];
      const faults = groups.map((group) => faultsOf(group, tokenizer, model.config.maxPositions));
      groups.forEach(({ row, completions }, g) => {
        completions.forEach(({ text }, c) => {
          if (faults[g][c] === null) fitting.push({ prompt: row.prompt, completion: text });
        });
      });
      const scores = scoreCompletions(model, tokenizer, fitting).values();
      return faults.map((group) =>
        group.map((fault): Verdict => {
          if (fault !== null) {
            warn(fault);
            return { score: null, why: `could not be scored: ${fault}` };
          }
          return verdictOf(scores.next().value!, sigmoid);
        }),
      );
    },
    dispose: () => model.dispose(),
  };
}

function verdictOf(logit: number, sigmoid: boolean): Verdict {
  const said = `the reward model gives ${logit.toPrecision(4)}`;
  if (!sigmoid) return { score: logit, why: said };
  const score = 1 / (1 + Math.exp(-logit));
  return { score, why: `${said}, of which the sigmoid is ${score.toPrecision(4)}` };
}

/** Why the model cannot read a completion; null where it can. */
function faultsOf({ row, completions }: ScoredGroup, tokenizer: Tokenizer, maxPositions: number): (string | null)[] {
  let promptLength: number;
  try {
    promptLength = tokenizer.encodePrompt(row.prompt).tokens.length;
  } catch (error) {
    const fault = `the reward model's chat template refuses the prompt (${(error as Error).message})`;
    return completions.map(() => fault);
  }
  return completions.map(({ text }) =>
    promptLength + completionTokens(text, tokenizer).length > maxPositions
      ? `longer with its prompt than the reward model's context of ${maxPositions} tokens`
      : null,
  );
}
