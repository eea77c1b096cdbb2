/** AdamW over all parameters of a policy, with global gradient-norm clipping (Decoupled Weight Decay, arXiv 1711.05101). */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedArray, TensorSource } from '../../checkpoint/tensor-file.ts';
import { StudioError } from '../../contract/errors.ts';
import type { TrainablePolicy } from '../model/policy.ts';
import { adamW } from '../tensor/ops/adamw.ts';
import { globalNorm } from '../tensor/ops/global-norm.ts';

export interface OptimizerSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Applied to matrices only, not to norms and biases. */
  weightDecay: number;
  /** Largest global gradient norm; 0 for none. */
  maxGradNorm: number;
}

export type Gradients = Record<string, tf.Tensor>;

export class Optimizer {
  readonly #parameters: TrainablePolicy['parameters'];
  readonly #settings: OptimizerSettings;
  readonly #moments: Record<string, { m: tf.Variable; v: tf.Variable }> = {};
  #updates = 0;

  constructor({ parameters }: Pick<TrainablePolicy, 'parameters'>, settings: OptimizerSettings) {
    this.#parameters = parameters;
    this.#settings = settings;
    for (const [name, parameter] of Object.entries(parameters)) {
      this.#moments[name] = { m: zeroVariable(parameter.shape), v: zeroVariable(parameter.shape) };
    }
  }

  /** Updates made so far; AdamW's bias correction depends on it. */
  get updates(): number {
    return this.#updates;
  }

  /**
   * One update of every parameter, in place.
   *
   * @returns the global gradient norm before clipping
   * @throws StudioError `training_diverged` when that is not finite; the parameters are left as they were
   */
  apply(gradients: Gradients, learningRate: number): number {
    const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = this.#settings;
    const norm = globalNorm(Object.values(gradients));
    if (!Number.isFinite(norm)) {
      throw new StudioError(
        'training_diverged',
        'the gradient is no longer a finite number; resume from the last checkpoint in a new run with a lower learning_rate or a smaller max_grad_norm',
        { field: 'learning_rate' },
      );
    }
    // torch.nn.utils.clip_grad_norm_ adds 1e-6 to the norm.
    const gradientScale = maxGradNorm > 0 ? Math.min(1, maxGradNorm / (norm + 1e-6)) : 1;
    this.#updates++;
    for (const [name, parameter] of Object.entries(this.#parameters)) {
      adamW(parameter, this.#moments[name], gradients[name], {
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay: parameter.rank > 1 ? weightDecay : 0,
        step: this.#updates,
        gradientScale,
      });
    }
    return norm;
  }

  /** First and second moments as arrays, named `<parameter>.m` and `<parameter>.v`. */
  *state(): Iterable<[string, TensorSource]> {
    for (const [name, { m, v }] of Object.entries(this.#moments)) {
      yield [`${name}.m`, { shape: m.shape, values: () => m.data() as Promise<Float32Array> }];
      yield [`${name}.v`, { shape: v.shape, values: () => v.data() as Promise<Float32Array> }];
    }
  }

  /**
   * Takes back what `state` and `updates` gave.
   *
   * @param path the file that `state` was read from
   * @throws StudioError `checkpoint_invalid` when it lacks a moment, or has one of another shape
   */
  restore(state: ReadonlyMap<string, NamedArray>, updates: number, path: string): void {
    this.#updates = updates;
    for (const [name, { m, v }] of Object.entries(this.#moments)) {
      for (const [suffix, variable] of [
        ['m', m],
        ['v', v],
      ] as const) {
        const saved = state.get(`${name}.${suffix}`);
        if (saved?.shape.join() !== variable.shape.join()) {
          const wrong = saved === undefined ? 'lacks' : `has another shape than the model's weights for`;
          const sentence = `${path} ${wrong} ${name}.${suffix}; delete that checkpoint and resume: the run goes on from the one before it`;
          throw new StudioError('checkpoint_invalid', sentence, { path, field: `${name}.${suffix}` });
        }
        tf.tidy(() => variable.assign(tf.tensor(saved.values, variable.shape)));
      }
    }
  }

  dispose(): void {
    for (const { m, v } of Object.values(this.#moments)) tf.dispose([m, v]);
  }
}

function zeroVariable(shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros(shape)));
}
