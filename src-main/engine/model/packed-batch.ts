/** Packs groups of completions into one batch without padding, in which what several texts begin with (a prompt, say) lies once. */
import type { Segments } from '../tensor/ops/segments.ts';
import { TextTree } from './text-tree.ts';

export interface TokenGroup {
  promptTokens: ArrayLike<number>;
  completions: readonly ArrayLike<number>[];
}

export interface PackedBatch {
  tokens: Int32Array; // [N]
  positions: Int32Array; // [N]
  segments: Segments;
  /** The rows of [0, N) whose hidden states predict a token, each once [R]. */
  rows: Int32Array;
  /** What is predicted, each once [P]: a token, and which of `rows` predicts it. */
  predictors: Int32Array;
  targets: Int32Array;
  /** Which of the predictions each completion token is [M]. */
  predictions: Int32Array;
  /** Where each completion's tokens start in [0, M), and M at the end [C + 1]. */
  offsets: Int32Array;
}

/** A completion's first token is predicted by the last token of its prompt; its last token predicts nothing and stays out of the batch. */
export function packGroups(groups: readonly TokenGroup[]): PackedBatch {
  const tree = new TextTree();
  const predictors: number[] = [];
  const targets: number[] = [];
  const places = new Map<number, number>(); // of rows among those that predict
  const known = new Map<number, number>(); // the prediction of a token by a row
  const predictions: number[] = [];
  const offsets = [0];
  const predict = (row: number, token: number): number => {
    const name = row * 2 ** 31 + token;
    const place = known.get(name) ?? targets.length;
    if (place === targets.length) {
      known.set(name, place);
      if (!places.has(row)) places.set(row, places.size);
      predictors.push(places.get(row) as number);
      targets.push(token);
    }
    return place;
  };
  for (const { promptTokens, completions } of groups) {
    const prompt = tree.add(promptTokens);
    for (const completion of completions) {
      const { rows } = tree.add(Array.from(completion).slice(0, -1), prompt);
      for (let t = 0; t < completion.length; t++) {
        predictions.push(predict(rows[promptTokens.length - 1 + t], completion[t]));
      }
      offsets.push(predictions.length);
    }
  }
  return {
    ...tree.pack(),
    rows: Int32Array.from(places.keys()),
    predictors: Int32Array.from(predictors),
    targets: Int32Array.from(targets),
    predictions: Int32Array.from(predictions),
    offsets: Int32Array.from(offsets),
  };
}
