/** Cosines and sines of a model's rotary embeddings on the backend, kept and grown as sequences need them. */
import * as tf from '@tensorflow/tfjs-core';
import type { RopeTable } from '../tensor/ops/rope.ts';
import { ropeFrequencies, ropeRegime, type RopeParameters } from '../../checkpoint/rope-parameters.ts';

/** The tables of one model, in the order of its config's `ropes`. */
export interface RopeTables {
  /** Tables for positions below `length`, which is also the length that stretched frequencies are chosen by. */
  upTo(length: number): readonly RopeTable[];
  dispose(): void;
}

export function makeRopeTables(ropes: readonly RopeParameters[]): RopeTables {
  const kept: (RopeTable & { regime: number })[] = [];
  const places = (table: RopeTable | undefined): number => table?.cos.shape[0] ?? 0;
  const free = (table: RopeTable | undefined): void => table && tf.dispose([table.cos, table.sin]);
  return {
    upTo(length) {
      ropes.forEach((parameters, i) => {
        const regime = ropeRegime(parameters, length);
        const fits = kept[i]?.regime === regime;
        if (fits && places(kept[i]) >= length) return;
        const size = fits ? Math.max(length, 2 * places(kept[i])) : length;
        free(kept[i]);
        kept[i] = { regime, ...makeTable(parameters, ropeFrequencies(parameters, length), size) };
      });
      return kept;
    },
    dispose() {
      kept.splice(0).forEach(free);
    },
  };
}

/** Angle = position · frequency, for positions below `size` [size, rotaryDim / 2]. */
function makeTable({ attentionFactor }: RopeParameters, frequencies: Float32Array, size: number): RopeTable {
  const half = frequencies.length;
  const cos = new Float32Array(size * half);
  const sin = new Float32Array(size * half);
  for (let position = 0; position < size; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]);
      cos[position * half + i] = attentionFactor * Math.cos(angle);
      sin[position * half + i] = attentionFactor * Math.sin(angle);
    }
  }
  return { cos: tf.keep(tf.tensor2d(cos, [size, half])), sin: tf.keep(tf.tensor2d(sin, [size, half])) };
}
