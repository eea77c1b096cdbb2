import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';
import type { LoraSettings } from '../../checkpoint/adapter-description.ts';
import { nativeBackend } from '../tensor/native-backend.ts';
import { goldenFolder, largestDifference } from '../../../e2e/fixtures/golden.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';
import { linear } from '../tensor/ops/linear.ts';
import { expectClose, input } from '../tensor/ops/testing.ts';
import { lossGradients } from '../train/gradients.ts';
import { hostLoss } from '../train/host-loss.ts';
import { loraScale } from '../../checkpoint/adapter-shapes.ts';
import { addLowRank, initializeAdapter, withDropout, type Adapter } from './lora.ts';
import { packGroups } from './packed-batch.ts';
import { addAdapter, loadPolicy, readDecoderConfig, withoutAdapter } from './policy.ts';
import { evaluateTokenLogps, tokenLogps } from './token-logps.ts';

const base = join(goldenFolder, 'models/llama-tied');
const settings: LoraSettings = {
  rank: 3,
  alpha: 7,
  targetModules: ['q_proj', 'mlp.down_proj'],
  rsLora: false,
  dropout: 0,
  rankPattern: {},
  alphaPattern: {},
};
const batch = packGroups([
  {
    promptTokens: [5, 9, 2],
    completions: [
      [7, 1],
      [11, 4, 8],
    ],
  },
]);

/** Log-probs, loss gradients with respect to the policy's parameters. */
function gradientsOf(policy: Parameters<typeof lossGradients>[0] & Parameters<typeof tokenLogps>[0]) {
  return lossGradients(policy, () =>
    hostLoss(tokenLogps(policy, batch, 1).logps, (logps) => ({
      loss: 0,
      gradient: new Float64Array(logps.length).fill(1),
    })),
  );
}

describeOnEveryBackend('a low-rank adapter', () => {
  test.each([
    [7, 13, 5, 3],
    [1, 20, 33, 1],
    [33, 65, 17, 4],
  ])('of [%i, %i] → %i with rank %i equals the weights it stands for, gradients too', (tokens, width, out, rank) => {
    const before = tf.memory().numTensors;
    const shapes = [
      [tokens, width],
      [out, width],
      [rank, width],
      [out, rank],
    ];
    const outcome = (layer: (x: tf.Tensor2D, weight: tf.Tensor2D, down: tf.Tensor2D, up: tf.Tensor2D) => tf.Tensor2D) =>
      tf.tidy(() => {
        const inputs = shapes.map((shape, i) => tf.tensor(input(shape, i + 1).values, shape));
        const slopes = tf.tensor(input([tokens, out], 9).values, [tokens, out]);
        const run = (...[x, weight, down, up]: tf.Tensor[]) =>
          tf.sum<tf.Scalar>(
            tf.mul(slopes, layer(x as tf.Tensor2D, weight as tf.Tensor2D, down as tf.Tensor2D, up as tf.Tensor2D)),
          );
        const [x, weight, down, up] = inputs;
        const ofAdapter = tf.grads((x, down, up) => run(x, weight, down, up))([x, down, up]);
        return [layer(...(inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D])), ...ofAdapter].map(
          (tensor) => tensor.dataSync() as Float32Array,
        );
      });
    const scaled = { ...settings, rank };
    const adapted = outcome((x, weight, down, up) => {
      const weights = { 'layer.lora_A.weight': down, 'layer.lora_B.weight': up };
      return addLowRank({ settings: scaled, weights, dropoutOf: null }, 'layer', x, linear(x, weight));
    });
    const composed = outcome((x, weight, down, up) =>
      linear(x, tf.add(weight, tf.mul(tf.matMul(up, down), loraScale(scaled, 'layer')))),
    );
    for (const [i, what] of ['output', 'dx', 'dA', 'dB'].entries()) {
      expectClose(adapted[i], composed[i], 2e-5, what);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  test('starts as the model it stands on, to the last bit', async () => {
    const plain = await loadPolicy(base, { trainable: false });
    const expected = evaluateTokenLogps(plain, batch, 1);
    const policy = addAdapter(plain, settings, 1);
    expect(evaluateTokenLogps(policy, batch, 1)).toEqual(expected);
    policy.dispose();
  });

  test('switched off is the base; on it is not', async () => {
    const plain = await loadPolicy(base, { trainable: false });
    const policy = await loadPolicy(`${base}-lora`, { trainable: false });
    const expected = evaluateTokenLogps(plain, batch, 1);
    expect(evaluateTokenLogps(withoutAdapter(policy), batch, 1)).toEqual(expected);
    expect(largestDifference(evaluateTokenLogps(policy, batch, 1), expected)).toBeGreaterThan(0.01);
    plain.dispose();
    policy.dispose();
  });

  test('is all that has a gradient, equal to the one that follows from the gradient of the merged weights', async () => {
    const before = tf.memory().numTensors;
    const policy = await loadPolicy(`${base}-lora`, { trainable: true });
    const gradients = gradientsOf(policy);
    expect(Object.keys(gradients)).toEqual(Object.keys(policy.adapter?.weights ?? {}));

    const merged = await loadPolicy(base, { trainable: true });
    const layer = 'model.layers.1.mlp.up_proj';
    const down = policy.parameters[`${layer}.lora_A.weight`]; // [r, I]
    const up = policy.parameters[`${layer}.lora_B.weight`]; // [O, r]
    const scale = loraScale(policy.adapter?.settings as LoraSettings, layer);
    const layers = Object.keys(policy.parameters).filter((name) => name.endsWith('.lora_A.weight'));
    for (const name of layers) {
      const weight = merged.parameters[name.replace('.lora_A', '')];
      const other = policy.parameters[name.replace('lora_A', 'lora_B')];
      tf.tidy(() => weight.assign(tf.add(weight, tf.mul(tf.matMul(other, policy.parameters[name]), scale))));
    }
    const whole = gradientsOf(merged);
    tf.tidy(() => {
      const dWeight = whole[`${layer}.weight`]; // [O, I]
      const values = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;
      const dDown = tf.mul(tf.matMul(up, dWeight, true, false), scale);
      const dUp = tf.mul(tf.matMul(dWeight, down, false, true), scale);
      expectClose(values(gradients[`${layer}.lora_A.weight`]), values(dDown), 5e-5, 'dA');
      expectClose(values(gradients[`${layer}.lora_B.weight`]), values(dUp), 5e-5, 'dB');
    });
    tf.dispose([gradients, whole]);
    policy.dispose();
    merged.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('drops the share of its inputs that its settings say, in training passes alone', () => {
    const [tokens, width] = [40, 50];
    const x = input([tokens, width], 1).values;
    const weights = () => ({ 'layer.lora_A.weight': tf.eye(width), 'layer.lora_B.weight': tf.eye(width) });
    const ofOnes: LoraSettings = { ...settings, rank: 1, alpha: 1, dropout: 0.25 };
    /** What the adapter adds, and its gradient with respect to its input. */
    const update = (policy: { adapter: Adapter | null }, layer = 'layer') =>
      tf.tidy(() => {
        const { 'layer.lora_A.weight': down, 'layer.lora_B.weight': up } = weights();
        const adapter = policy.adapter && {
          ...policy.adapter,
          weights: { [`${layer}.lora_A.weight`]: down, [`${layer}.lora_B.weight`]: up },
        };
        const added = (x: tf.Tensor) => addLowRank(adapter, layer, x as tf.Tensor2D, tf.zeros([tokens, width]));
        const inputs = tf.tensor2d(x, [tokens, width]);
        const slopes = tf.grad((x) => tf.sum(added(x)))(inputs);
        return [added(inputs), slopes].map((tensor) => tensor.dataSync() as Float32Array);
      });
    const policy = { adapter: { settings: ofOnes, weights: {}, dropoutOf: null } };
    const [plain, plainSlopes] = update(policy);
    expectClose(plain, x, 1e-6);
    expect(plainSlopes.every((slope) => slope === 1)).toBe(true);

    const [dropped, slopes] = update(withDropout(policy, 7, 3, 1));
    const kept = slopes.filter((slope) => slope !== 0);
    expect(kept.every((slope) => Math.abs(slope - 4 / 3) < 1e-6)).toBe(true);
    expect(kept.length / x.length).toBeCloseTo(0.75, 1);
    expectClose(dropped, x.map((value, i) => value * slopes[i]), 1e-6); // prettier-ignore
    expect(update(withDropout(policy, 7, 3, 1))).toEqual([dropped, slopes]);
    for (const other of [
      update(withDropout(policy, 8, 3, 1)),
      update(withDropout(policy, 7, 3, 2)),
      update(withDropout(policy, 7, 4, 1)),
      update(withDropout(policy, 7, 3, 1), 'other'),
    ]) {
      expect(other[1]).not.toEqual(slopes);
    }
    const without = { adapter: { ...policy.adapter, settings: { ...ofOnes, dropout: 0 } } };
    expect(withDropout(without, 7, 3, 1)).toBe(without);
  });

  test('costs no gradient of a frozen matrix', async () => {
    const policy = await loadPolicy(`${base}-lora`, { trainable: true });
    const trained = await loadPolicy(base, { trainable: true });
    const matrices = Object.values(policy.weights).filter(({ rank }) => rank === 2);
    const shapes = new Set(matrices.map(({ shape }) => shape.join()));
    /** Shapes of frozen matrices among those that a pass makes room for. */
    const made = async (of: typeof policy) =>
      (await shapesMade(() => tf.dispose(gradientsOf(of)))).filter((shape) => shapes.has(shape));
    expect((await made(trained)).length).toBeGreaterThanOrEqual(matrices.length);
    expect(await made(policy)).toEqual([]);
    policy.dispose();
    trained.dispose();
  });
});

describe('a new adapter', () => {
  test('has B zero and A uniform within ±1/√I, drawn from the seed', async () => {
    const config = await readDecoderConfig(base);
    const drawn = (seed: number) => {
      const { weights } = initializeAdapter(config, { ...settings, rank: 64 }, seed);
      const values = Object.fromEntries(
        Object.entries(weights).map(([name, weight]) => [name, [...weight.dataSync()]]),
      );
      tf.dispose(weights);
      return values;
    };
    const weights = drawn(1);
    expect(Object.keys(weights)).toHaveLength(2 * settings.targetModules.length * config.layers);
    for (const [name, values] of Object.entries(weights)) {
      if (name.endsWith('lora_B.weight')) expect(values.every((value) => value === 0)).toBe(true);
      else {
        const bound = 1 / Math.sqrt(name.includes('down_proj') ? config.intermediateSize : config.hiddenSize);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
        expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
        expect(Math.abs(mean)).toBeLessThan(0.1 * bound);
        expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
      }
    }
    expect(drawn(1)).toEqual(weights);
    expect(drawn(2)).not.toEqual(weights);
  });

  test('is scaled by α/r, rank-stabilised by α/√r', () => {
    expect(loraScale({ ...settings, rank: 4, alpha: 8 }, 'layer')).toBe(2);
    expect(loraScale({ ...settings, rank: 4, alpha: 8, rsLora: true }, 'layer')).toBe(4);
  });
});

/** Shape of everything that `pass` computes. Whole-layer kernels are not seen by tfjs's profile, but by the memory they ask for. */
async function shapesMade(pass: () => void): Promise<string[]> {
  const native = tf.getBackend() === 'native' ? nativeBackend() : null;
  if (native !== null) {
    const allocate = vi.spyOn(native, 'allocate');
    pass();
    const made = allocate.mock.calls.map(([shape]) => shape.join());
    allocate.mockRestore();
    return made;
  }
  const { kernels } = await tf.profile(pass);
  const computed = kernels.filter(({ name }) => name !== tf.Identity); // the tape's handles on what it keeps
  return computed.flatMap(({ outputShapes }) => outputShapes.map(String));
}
