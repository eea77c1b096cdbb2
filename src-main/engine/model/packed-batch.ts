/** Packs groups of completions into one batch without padding: every group's prompt once, then its completions. */
import { segmentPositions, segmentsOfGroups, type Segments } from '../tensor/ops/segments.ts';

export interface TokenGroup {
  promptTokens: ArrayLike<number>;
  completions: readonly ArrayLike<number>[];
}

export interface PackedBatch {
  tokens: Int32Array; // [N]
  positions: Int32Array; // [N]
  segments: Segments;
  /** Row of [0, N) whose hidden state predicts each completion token [M]. */
  predictors: Int32Array;
  /** The completion tokens themselves [M]. */
  targets: Int32Array;
  /** Where each completion's tokens start in [0, M), and M at the end [R + 1]. */
  offsets: Int32Array;
}

/**
 * A completion's first token is predicted by the last token of the prompt, which all completions of the group share; its last
 * token predicts nothing and stays out of the batch.
 */
export function packGroups(groups: readonly TokenGroup[]): PackedBatch {
  const inputLength = (completion: ArrayLike<number>) => Math.max(0, completion.length - 1);
  const segments = segmentsOfGroups(
    groups.map(({ promptTokens, completions }) => ({
      promptLength: promptTokens.length,
      completionLengths: completions.map(inputLength),
    })),
  );
  const tokens: number[] = [];
  const predictors: number[] = [];
  const targets: number[] = [];
  const offsets = [0];
  for (const { promptTokens, completions } of groups) {
    for (let t = 0; t < promptTokens.length; t++) tokens.push(promptTokens[t]);
    const lastOfPrompt = tokens.length - 1;
    for (const completion of completions) {
      for (let t = 0; t < completion.length; t++) {
        predictors.push(t === 0 ? lastOfPrompt : tokens.length - 1);
        targets.push(completion[t]);
        if (t < inputLength(completion)) tokens.push(completion[t]);
      }
      offsets.push(targets.length);
    }
  }
  return {
    tokens: Int32Array.from(tokens),
    positions: segmentPositions(segments),
    segments,
    predictors: Int32Array.from(predictors),
    targets: Int32Array.from(targets),
    offsets: Int32Array.from(offsets),
  };
}
