/**
 * Less memory for more time in training (activation recomputation, arXiv 1604.06174): a layer keeps its input alone, and everything that
 * its gradient needs is computed again when the backward pass comes to it.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Decoder } from './decoder.ts';

/**
 * `run(input)`, with the same gradients bit for bit, by way of a second `run`.
 *
 * @param run a layer of `decoder`; it must compute the same each time
 * @param input hidden states [N, H]
 * @returns hidden states [N, H], differentiable as those of `run` are
 */
export function recomputedLayer(
  decoder: Decoder,
  layer: number,
  input: tf.Tensor2D,
  run: (input: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  const parameters = trainedWeights(decoder, `model.layers.${layer}.`);
  const once = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const x = args[0] as tf.Tensor2D;
    const save = args[args.length - 1] as tf.GradSaveFunc;
    save([x]);
    const gradFunc = (dy: tf.Tensor, [kept]: tf.Tensor[]): tf.Tensor[] => {
      const { state } = tf.engine();
      const tape = state.activeTape; // of the pass that asks; one within it takes its place
      const again = tf.valueAndGrads((...inputs: tf.Tensor[]) => run(inputs[0] as tf.Tensor2D));
      const { value, grads } = again([kept, ...parameters], dy as tf.Tensor2D);
      state.activeTape = tape;
      tf.dispose([value, kept]);
      return grads;
    };
    return { value: run(x), gradFunc };
  });
  return once(input, ...parameters);
}

function trainedWeights({ weights, adapter }: Decoder, prefix: string): tf.Variable[] {
  const named = [...Object.entries(weights), ...Object.entries(adapter?.weights ?? {})];
  const ofLayer = named.flatMap(([name, weight]) => (name.startsWith(prefix) ? [weight] : []));
  return ofLayer.filter((weight): weight is tf.Variable => weight instanceof tf.Variable && weight.trainable);
}
