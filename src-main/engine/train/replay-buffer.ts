/**
 * Groups whose rewards told their completions apart, kept to stand in for later groups that teach nothing. The idea is that of TRL's
 * experimental GRPO with a replay buffer.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { GrpoConfig } from '../../contract/config.ts';
import type { CompletionRecord, GroupRecord } from '../../contract/engine.ts';
import { standardDeviation } from '../../grpo/statistics.ts';
import { readCheckpointFile } from './checkpoint.ts';

/** Of a checkpoint: the groups kept for replay. */
export const REPLAY_FILE = 'replay.json';

/** Whether the first rule scored the completions of a group differently; only then can they teach anything about the outcome. */
export function tellsApart({ completions }: GroupRecord): boolean {
  const scores = completions.flatMap(({ scores }) => scores[0].score ?? []);
  return standardDeviation(scores) > 0;
}

export class ReplayBuffer {
  readonly #size: number;
  /** Highest standard deviation of the rewards first, newest first of equals. */
  #groups: GroupRecord[];

  /** @param groups what a buffer restored from a checkpoint held, in its order */
  constructor(size: number, groups: readonly GroupRecord[] = []) {
    this.#size = size;
    this.#groups = [...groups];
  }

  /** Keeps those of a step's new groups that tell their completions apart, as they are now; the lowest deviations make room. */
  offer(groups: readonly GroupRecord[]): void {
    this.#groups = [...groups.filter(tellsApart).map(asSampled), ...this.#groups]
      .sort((a, b) => rewardDeviation(b) - rewardDeviation(a))
      .slice(0, this.#size);
  }

  /** Takes at most `count` groups out, those of the highest deviation. */
  take(count: number): GroupRecord[] {
    return this.#groups.splice(0, count);
  }

  /** The buffer as JSON, for `parseReplayedGroups`. */
  serialise(): string {
    const groups = this.#groups.map(({ completions, ...group }) => ({
      ...group,
      completions: completions.map(({ text, tokens, finishReason, reward, scores, samplingLogps, oldLogps }) => ({
        text,
        tokens,
        finishReason,
        reward,
        scores,
        samplingLogps,
        oldLogps,
      })),
    }));
    return JSON.stringify(groups, (_key, value: unknown) =>
      value instanceof Int32Array || value instanceof Float32Array ? Array.from(value) : value,
    );
  }
}

const int32 = z.array(z.int()).transform((values) => Int32Array.from(values));
const float32 = z.array(z.number()).transform((values) => Float32Array.from(values));
const bufferSchema = z.array(
  z.object({
    row: z.int(),
    prompt: z.string(),
    promptTokens: int32,
    completions: z.array(
      z.object({
        text: z.string(),
        tokens: int32,
        finishReason: z.enum(['eos', 'stop', 'length']),
        reward: z.number().nullable(),
        scores: z.array(
          z.object({
            rule: z.string(),
            score: z.number().nullable(),
            why: z.string(),
            spans: z.array(z.object({ start: z.int(), end: z.int() })).exactOptional(),
          }),
        ),
        samplingLogps: float32,
        oldLogps: float32,
      }),
    ),
  }),
);

/** @throws SyntaxError or ZodError when `json` is not what `serialise` gives */
export function parseReplayedGroups(json: string): GroupRecord[] {
  return bufferSchema
    .parse(JSON.parse(json))
    .map((group) => ({ ...group, completions: group.completions.map(withoutUpdate) }));
}

/**
 * @param resumeFrom checkpoint to continue from; null for a new run, whose buffer is empty
 * @returns null where the config replays nothing
 * @throws StudioError `checkpoint_invalid` when the checkpoint's buffer cannot be read
 */
export async function openReplayBuffer(
  { replay_groups, replay_buffer_size }: GrpoConfig,
  resumeFrom: string | null,
): Promise<ReplayBuffer | null> {
  if (replay_groups === 0) return null;
  if (resumeFrom === null) return new ReplayBuffer(replay_buffer_size);
  return new ReplayBuffer(
    replay_buffer_size,
    await readCheckpointFile(join(resumeFrom, REPLAY_FILE), parseReplayedGroups),
  );
}

/** A copy that further updates of either do not share. */
function asSampled(group: GroupRecord): GroupRecord {
  return { ...group, completions: group.completions.map(withoutUpdate) };
}

/** What an update adds is taken away, except the old policy's log-probs: the samples stay those of the policy that made them. */
function withoutUpdate(
  completion: Omit<CompletionRecord, 'advantage' | 'referenceLogps' | 'policyLogps' | 'entropies' | 'coefficients'>,
): CompletionRecord {
  return {
    ...completion,
    advantage: 0,
    referenceLogps: null,
    policyLogps: completion.oldLogps,
    entropies: new Float32Array(completion.tokens.length),
    coefficients: new Float32Array(completion.tokens.length),
  };
}

function rewardDeviation({ completions }: GroupRecord): number {
  return standardDeviation(completions.flatMap(({ reward }) => reward ?? []));
}
