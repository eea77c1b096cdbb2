/** `npm run -s bench:kernels`: what each kernel of the native backend reaches, beside what this machine can do at most. */
import * as tf from '@tensorflow/tfjs-core';
import { loadAddon } from '../src-main/engine/tensor/native-addon.ts';
import { selectBackend } from '../src-main/engine/tensor/backend.ts';
import { adamW } from '../src-main/engine/tensor/ops/adamw.ts';
import { attention } from '../src-main/engine/tensor/ops/attention.ts';
import { embedding } from '../src-main/engine/tensor/ops/embedding.ts';
import { int8Linear, quantizeRows } from '../src-main/engine/tensor/ops/int8-linear.ts';
import { linear } from '../src-main/engine/tensor/ops/linear.ts';
import { rmsNorm } from '../src-main/engine/tensor/ops/rms-norm.ts';
import { rope } from '../src-main/engine/tensor/ops/rope.ts';
import { segmentPositions, segmentsOfGroups } from '../src-main/engine/tensor/ops/segments.ts';
import { selectiveLogSoftmax } from '../src-main/engine/tensor/ops/selective-log-softmax.ts';
import { swiGlu } from '../src-main/engine/tensor/ops/swiglu.ts';
import { sizes, type BenchSize, type ModelShape } from './sizes.ts';

/** Seconds that a measurement takes at least. */
const LEAST_SECONDS = 0.3;

interface Work {
  name: string;
  /** Floating-point operations and bytes that must be read or written, at the least. */
  flops: number;
  bytes: number;
  run: () => void;
}

/** The least seconds of a call, after one that warms up: what the machine can do while nothing else disturbs it. */
function time(run: () => void): number {
  run();
  const times: number[] = [];
  const begin = performance.now();
  while (performance.now() - begin < LEAST_SECONDS * 1000 || times.length < 3) {
    const start = performance.now();
    run();
    times.push((performance.now() - start) / 1000);
  }
  return Math.min(...times);
}

const random = (...shape: number[]) => tf.keep(tf.randomNormal<tf.Rank.R2>(shape as [number, number], 0, 0.1));

/** The kernels at the sizes that a training step of this model gives them. */
function kernelsOf(shape: ModelShape, size: BenchSize, promptTokens: number): Work[] {
  const { hidden_size: H, intermediate_size: I, vocab_size: V } = shape;
  const D = H / shape.num_attention_heads;
  const kvWidth = shape.num_key_value_heads * D;
  const groups = Array.from({ length: Math.max(1, Math.min(size.prompts, 2)) }, () => ({
    promptLength: promptTokens,
    completionLengths: Array.from({ length: size.generations }, () => size.newTokens),
  }));
  const segments = segmentsOfGroups(groups);
  const N = segments.tokens;
  const M = groups.length * size.generations * size.newTokens;
  /** Pairs of a query and a key it sees. */
  const pairs = groups.reduce(
    (sum, { promptLength: p, completionLengths }) =>
      sum + (p * (p + 1)) / 2 + completionLengths.reduce((all, c) => all + c * p + (c * (c + 1)) / 2, 0),
    0,
  );
  const positions = segmentPositions(segments);
  const [x, gate, up] = [random(N, H), random(N, I), random(N, I)];
  const [key, value] = [random(N, kvWidth), random(N, kvWidth)];
  const [wide, narrow, square] = [random(I, H), random(H, I), random(H, H)];
  const [head, predicting] = [random(V, H), random(M, H)];
  const norm = tf.keep(tf.ones<tf.Rank.R1>([H]));
  const half = D / 2;
  const table = { cos: random(4096, half), sin: random(4096, half) };
  const targets = Int32Array.from({ length: M }, (_, i) => i % V);
  const ids = Int32Array.from({ length: N }, (_, i) => (i * 7) % V);
  const quantized = quantizeRows(wide.dataSync<'float32'>(), I, H);
  const [moment1, moment2, parameter] = [
    tf.variable(random(I, H)),
    tf.variable(tf.abs(random(I, H))),
    tf.variable(random(I, H)),
  ];
  const batchRows = size.prompts * size.generations;
  const decodeRow = random(batchRows, H);
  const scores = { headDim: D, scale: 1 / Math.sqrt(D) };
  const f = 4; // bytes of a float
  const tidily = (run: () => unknown) => () => {
    tf.tidy(() => void run());
  };
  /** Backward alone cannot be called; both passes are timed, with the flops of both. */
  const both = (run: (x: tf.Tensor2D) => tf.Tensor) => {
    const gradients = tf.grad((input) => run(input as tf.Tensor2D));
    return (input: tf.Tensor2D) => tidily(() => gradients(input));
  };
  return [
    {
      name: `linear ${N}×${H} · ${H}×${I}`,
      flops: 2 * N * H * I,
      bytes: f * (N * H + H * I + N * I),
      run: tidily(() => linear(x, wide)),
    },
    {
      name: `linear ${N}×${I} · ${I}×${H}`,
      flops: 2 * N * H * I,
      bytes: f * (N * H + H * I + N * I),
      run: tidily(() => linear(gate, narrow)),
    },
    {
      name: `linear ${N}×${H} · ${H}×${H}`,
      flops: 2 * N * H * H,
      bytes: f * (2 * N * H + H * H),
      run: tidily(() => linear(x, square)),
    },
    {
      name: `linear ${batchRows}×${H} · ${H}×${I} (decoding, unpacked)`,
      flops: 2 * batchRows * H * I,
      bytes: f * (batchRows * (H + I) + H * I),
      run: tidily(() => linear(decodeRow, wide)),
    },
    {
      name: `weight gradient ${I}×${N} · ${N}×${H}`,
      flops: 2 * N * H * I,
      bytes: f * (N * (H + I) + H * I),
      run: tidily(() => tf.matMul(gate, x, true, false)),
    },
    {
      name: `8-bit linear ${N}×${H} · ${H}×${I}`,
      flops: 2 * N * H * I,
      bytes: f * (N * H + N * I) + H * I,
      run: tidily(() => int8Linear(x, quantized)),
    },
    {
      name: `attention, ${pairs} pairs`,
      flops: 4 * pairs * H,
      bytes: f * (2 * N * H + 2 * N * kvWidth),
      run: tidily(() => attention(x, key, value, segments, scores)),
    },
    {
      name: 'attention, both passes',
      flops: 14 * pairs * H,
      bytes: f * 3 * (2 * N * H + 2 * N * kvWidth),
      run: both((q) => attention(q, key, value, segments, scores))(x),
    },
    {
      name: `log-softmax of ${M}×${V}`,
      flops: 2 * M * H * V,
      bytes: f * (M * H + H * V),
      run: tidily(() => selectiveLogSoftmax(predicting, head, targets, 1).logps),
    },
    {
      name: 'log-softmax, both passes, frozen head',
      flops: 6 * M * H * V,
      bytes: f * 3 * (M * H + H * V),
      run: both((h) => selectiveLogSoftmax(h, head, targets, 1).logps)(predicting),
    },
    { name: `RMSNorm ${N}×${H}`, flops: 4 * N * H, bytes: f * 2 * N * H, run: tidily(() => rmsNorm(x, norm, 1e-6)) },
    { name: `RoPE ${N}×${H}`, flops: 3 * N * H, bytes: f * 2 * N * H, run: tidily(() => rope(x, positions, table, D)) },
    { name: `SwiGLU ${N}×${I}`, flops: 20 * N * I, bytes: f * 3 * N * I, run: tidily(() => swiGlu(gate, up)) },
    { name: `residual ${N}×${H}`, flops: N * H, bytes: f * 3 * N * H, run: tidily(() => tf.add(x, x)) },
    { name: `embedding ${N}×${H}`, flops: 0, bytes: f * 2 * N * H, run: tidily(() => embedding(head, ids)) },
    {
      name: `AdamW ${I}×${H}`,
      flops: 12 * I * H,
      bytes: f * 7 * I * H,
      run: tidily(() =>
        adamW(parameter, { m: moment1, v: moment2 }, wide, {
          learningRate: 1e-6,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0,
          step: 3,
          gradientScale: 1,
        }),
      ),
    },
  ];
}

/** The most that this machine does with this code: a large square product, and a copy of memory beyond every cache. */
function ceilings(): { flops: number; bytes: number } {
  const n = 1536;
  const [a, b] = [random(n, n), random(n, n)];
  const flops = (2 * n ** 3) / time(() => tf.tidy(() => void tf.matMul(a, b)));
  const floats = 32 * 2 ** 20;
  const from = new Float32Array(floats).fill(1);
  const to = new Float32Array(floats);
  const bytes = (2 * 4 * floats) / time(() => to.set(from));
  tf.dispose([a, b]);
  return { flops, bytes };
}

await selectBackend('native');
const addon = loadAddon();
const giga = (value: number) => (value / 1e9).toFixed(1).padStart(7);
const before = ceilings();
console.log(
  `${addon.isa()}, ${addon.threads()} threads. Ceilings: a 1536³ product, and a copy of 128 MiB (one thread, read and written).`,
);
console.log(`  ${giga(before.flops)} GFLOP/s, ${giga(before.bytes)} GB/s\n`);
for (const [name, promptTokens] of [
  ['M', 260],
  ['L', 135],
] as const) {
  const size = sizes[name];
  console.log(`Size ${name}${' '.repeat(50)}ms   GFLOP/s      GB/s   of the ceiling it is nearer to`);
  for (const { name: kernel, flops, bytes, run } of kernelsOf(size.shape!, size, promptTokens)) {
    const seconds = time(run);
    const share = Math.max(flops / seconds / before.flops, bytes / seconds / before.bytes);
    console.log(
      `  ${kernel.padEnd(48)} ${(seconds * 1000).toFixed(2).padStart(8)}  ${giga(flops / seconds)}   ${giga(bytes / seconds)}   ${(100 * share).toFixed(0).padStart(4)} %`,
    );
  }
  console.log('');
}
const after = ceilings();
console.log(`Ceilings measured again: ${giga(after.flops)} GFLOP/s, ${giga(after.bytes)} GB/s`);
