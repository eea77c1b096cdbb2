/** The first half of a GRPO step: groups of completions, sampled and scored. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { DatasetRow } from '../../contract/dataset.ts';
import type { CompletionRecord, EngineEvent, GroupRecord } from '../../contract/engine.ts';
import { recordVisit, type PassRates } from '../../grpo/curriculum.ts';
import { succeeded } from '../../grpo/outcome.ts';
import type { RewardedStep } from '../../grpo/process-advantages.ts';
import type { RewardScorer } from '../../rewards/reward-scorer.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import type { Policy } from '../model/policy.ts';
import { rollout } from '../sampler/rollout.ts';
import { rewardedSteps } from './reasoning-steps.ts';
import { tellsApart, type ReplayBuffer } from './replay-buffer.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface GroupSampler {
  config: GrpoConfig;
  policy: Policy;
  tokenizer: Tokenizer;
  scorer: RewardScorer;
  /** Hands out the next rows of the dataset. */
  takeRows: (count: number) => DatasetRow[];
  /** Moved by what is sampled; null without a curriculum. */
  passRates: PassRates | null;
  /** null where nothing is replayed. */
  replay: ReplayBuffer | null;
}

/** A group and the scores of its completions; what the update adds (advantages, log-probs of other policies) is still empty. */
export interface SampledStep {
  /** What the policy learns from. */
  groups: GroupRecord[];
  /** The same before any of them was replaced by a replayed one. */
  sampled: GroupRecord[];
  /** Those of `groups` that an earlier policy sampled; their `oldLogps` are that policy's. */
  replayed: GroupRecord[];
  /** Groups sampled and left out, since the first rule scored all their completions alike. */
  dropped: number;
  /** The reasoning steps of every completion; null with outcome supervision. */
  reasoning: ReadonlyMap<CompletionRecord, RewardedStep[]> | null;
}

/**
 * `prompts_per_step` groups, of which up to `replay_groups` that the first rule scored alike are replaced by earlier ones.
 *
 * @param step 1-based; names the random streams
 * @yields the phases as they begin
 */
export async function* sampleStep(
  sampler: GroupSampler,
  step: number,
  time: Stopwatch,
): AsyncGenerator<EngineEvent, SampledStep> {
  const { groups: sampled, dropped, reasoning } = yield* newGroups(sampler, step, time);
  const places = [...sampled.keys()].filter((i) => !tellsApart(sampled[i])).slice(0, sampler.config.replay_groups);
  const replayed = sampler.replay?.take(places.length) ?? [];
  const groups = [...sampled];
  replayed.forEach((group, i) => (groups[places[i]] = group));
  return { groups, sampled, replayed, dropped, reasoning };
}

/**
 * `prompts_per_step` new groups. With dynamic sampling (DAPO, arXiv 2503.14476, §3.2) a group whose first rule scored all completions
 * alike is replaced by one of a further prompt, up to `dynamic_sampling_rounds` times; places still open then stay with such groups.
 * The first rule decides, not the weighted sum: shaping rules differ even where every answer is right.
 */
async function* newGroups(
  sampler: GroupSampler,
  step: number,
  time: Stopwatch,
): AsyncGenerator<EngineEvent, Pick<SampledStep, 'groups' | 'dropped' | 'reasoning'>> {
  const { config, takeRows, passRates } = sampler;
  const separator = config.process_supervision;
  const reasoning = separator === undefined ? null : new Map<CompletionRecord, RewardedStep[]>();
  async function* nextGroups(count: number, round: number): AsyncGenerator<EngineEvent, GroupRecord[]> {
    const rows = takeRows(count);
    yield { type: 'phase', phase: 'sampling', step };
    const groups = sampleGroups(sampler, rows, ['rollout', step, round]);
    time.lap('sampling');
    yield { type: 'phase', phase: 'scoring', step };
    const scored = groups.map((group, i) => ({ ...group, row: rows[i] }));
    const scores = await sampler.scorer.scoreGroups(scored);
    groups.forEach(({ row, completions }, g) => {
      completions.forEach((completion, c) => Object.assign(completion, scores[g][c]));
      const successes = completions.map(({ scores: [{ score }] }) => succeeded(score));
      if (passRates !== null) recordVisit(passRates, row, successes);
    });
    if (separator !== undefined) {
      for (const [completion, steps] of await rewardedSteps(scored, separator, sampler)) {
        reasoning?.set(completion, steps);
      }
    }
    time.lap('scoring');
    return groups;
  }

  const wanted = config.prompts_per_step;
  const first = yield* nextGroups(wanted, 0);
  if (!config.dynamic_sampling) return { groups: first, dropped: 0, reasoning };
  const telling = first.filter(tellsApart);
  const alike = first.filter((group) => !tellsApart(group));
  for (let round = 1; round <= config.dynamic_sampling_rounds && telling.length < wanted; round++) {
    const further = yield* nextGroups(wanted - telling.length, round);
    telling.push(...further.filter(tellsApart));
    alike.push(...further.filter((group) => !tellsApart(group)));
  }
  const fillers = alike.slice(0, wanted - telling.length);
  return { groups: [...telling, ...fillers], dropped: alike.length - fillers.length, reasoning };
}

function sampleGroups(
  { config, policy, tokenizer }: GroupSampler,
  rows: readonly DatasetRow[],
  path: (string | number)[],
): GroupRecord[] {
  const prompts = rows.map(({ prompt }) => tokenizer.encodePrompt(prompt));
  const sampled = rollout(
    policy,
    tokenizer,
    prompts.map(({ tokens }) => tokens),
    {
      sampling: config,
      generations: config.num_generations,
      greedy: false,
      seed: config.seed,
      path,
      weights: config.sampler_weights,
    },
  );
  return rows.map((row, i) => ({
    row: row.index,
    prompt: prompts[i].text,
    promptTokens: prompts[i].tokens,
    completions: sampled[i].map(({ text, tokens, finishReason, logps }) => ({
      text,
      tokens,
      finishReason,
      reward: null,
      scores: [],
      advantage: 0,
      samplingLogps: logps,
      oldLogps: logps,
      policyLogps: logps,
      referenceLogps: null,
      entropies: new Float32Array(tokens.length),
      coefficients: new Float32Array(tokens.length),
    })),
  }));
}
