/** Gradients of a loss with respect to all weights of a policy, and their sum over micro-batches. */
import * as tf from '@tensorflow/tfjs-core';
import type { TrainablePolicy } from '../model/policy.ts';
import type { Gradients } from './optimizer.ts';

/** Runs `loss` and its backward pass. The caller disposes the gradients. */
export function lossGradients(policy: TrainablePolicy, loss: () => tf.Scalar): Gradients {
  const names = Object.keys(policy.weights);
  const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => policy.weights[name]));
  value.dispose();
  return Object.fromEntries(names.map((name, i) => [name, grads[i]]));
}

/** Adds `gradients` to `total` and disposes both; the first micro-batch has no total yet. */
export function accumulate(total: Gradients | null, gradients: Gradients): Gradients {
  if (total === null) return gradients;
  const sum: Gradients = {};
  for (const name of Object.keys(gradients)) {
    sum[name] = tf.add(total[name], gradients[name]);
    tf.dispose([total[name], gradients[name]]);
  }
  return sum;
}
