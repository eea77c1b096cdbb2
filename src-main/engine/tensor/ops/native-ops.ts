/** Registers the fused operations' C++ kernels with tfjs for the backend `native`; importing this file is enough. */
import * as tf from '@tensorflow/tfjs-core';
import { loadAddon } from '../native-addon.ts';
import type { NativeBackend } from '../native-data.ts';
import { kernelNames } from './kernel-names.ts';

/**
 * The addon's fused operations: sizes first, then input arrays, then output arrays, in the order that
 * src-main/engine/native/src/ops/init.cc gives above each. All throw RangeError for arrays or indices that do not fit.
 */
type NativeOp = (...args: (number | Float32Array | Int32Array | Float32Array[] | null)[]) => void;
type NativeOps = Record<Exclude<keyof typeof kernelNames, 'splitColumns' | 'joinColumns'> | 'copyColumns', NativeOp>;

/** What a kernel works with: the addon, its inputs' values and shapes, its attributes, and fresh memory. */
interface Call {
  ops: NativeOps;
  backend: NativeBackend;
  attributes: Record<string, unknown>;
  /** All inputs, for kernels that take any number. */
  inputs: Readonly<Record<string, tf.TensorInfo>>;
  /** The input `name`. */
  input: (name: string) => tf.TensorInfo;
  /** Values of the input `name`. */
  values: (name: string) => Float32Array;
}

type Output = tf.TensorInfo | tf.TensorInfo[];

function register(name: keyof typeof kernelNames, kernel: (call: Call) => Output): void {
  tf.registerKernel({
    kernelName: kernelNames[name],
    backendName: 'native',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const native = backend as unknown as NativeBackend;
      const input = (key: string): tf.TensorInfo => inputs[key]!;
      return kernel({
        ops: loadAddon<NativeOps>(),
        backend: native,
        attributes: attrs as Record<string, unknown>,
        inputs: inputs as Record<string, tf.TensorInfo>,
        input,
        values: (key) => native.values(input(key)),
      });
    },
  });
}

/** Allocates one output per shape and gives their values to `fill`. */
function outputs(
  backend: NativeBackend,
  shapes: number[][],
  fill: (...values: Float32Array[]) => void,
): tf.TensorInfo[] {
  const infos = shapes.map((shape) => backend.allocate(shape));
  fill(...infos.map((info) => backend.values(info)));
  return infos;
}

function output(backend: NativeBackend, shape: number[], fill: (values: Float32Array) => void): tf.TensorInfo {
  return outputs(backend, [shape], fill)[0];
}

/** Rows and columns of a matrix. */
function matrix({ shape }: tf.TensorInfo): [number, number] {
  return shape as [number, number];
}

register('rmsNorm', ({ ops, backend, attributes, input, values }) => {
  const [tokens, width] = matrix(input('x'));
  return output(backend, [tokens, width], (out) =>
    ops.rmsNorm(tokens, width, attributes['epsilon'] as number, values('x'), values('weight'), out),
  );
});

register('rmsNormGrad', ({ ops, backend, attributes, input, values }) => {
  const [tokens, width] = matrix(input('x'));
  const epsilon = attributes['epsilon'] as number;
  return outputs(backend, [[tokens, width], [width]], (dx, dWeight) =>
    ops.rmsNormGrad(tokens, width, epsilon, values('dy'), values('x'), values('weight'), dx, dWeight),
  );
});

register('rope', ({ ops, backend, attributes, input, values }) => {
  const { positions, headDim, inverse } = attributes as { positions: Int32Array; headDim: number; inverse: boolean };
  const [tokens, width] = matrix(input('x'));
  const [places, half] = matrix(input('cos'));
  const tables = [values('cos'), values('sin')] as const;
  return output(backend, [tokens, width], (out) =>
    ops.rope(tokens, width / headDim, headDim, places, half, inverse ? -1 : 1, values('x'), ...tables, positions, out),
  );
});

for (const glu of ['swiGlu', 'geGlu'] as const) {
  register(glu, ({ ops, backend, input, values }) => {
    const { shape } = input('gate');
    return output(backend, shape, (out) => ops[glu](out.length, values('gate'), values('up'), out));
  });

  register(`${glu}Grad`, ({ ops, backend, input, values }) => {
    const { shape } = input('gate');
    return outputs(backend, [shape, shape], (dGate, dUp) =>
      ops[`${glu}Grad`](dGate.length, values('dy'), values('gate'), values('up'), dGate, dUp),
    );
  });
}

register('splitColumns', ({ ops, backend, attributes, input, values }) => {
  const [rows, whole] = matrix(input('x'));
  const widths = attributes['widths'] as number[];
  const shapes = widths.map((width) => [rows, width]);
  return outputs(backend, shapes, (...parts) => {
    let column = 0;
    for (const [i, width] of widths.entries()) {
      ops.copyColumns(rows, whole, column, width, width, 0, values('x'), parts[i]);
      column += width;
    }
  });
});

register('joinColumns', ({ ops, backend, inputs, values }) => {
  const widths = Object.values(inputs).map((part) => matrix(part)[1]);
  const [rows] = matrix(inputs['0']);
  const whole = widths.reduce((total, width) => total + width, 0);
  return output(backend, [rows, whole], (joined) => {
    let column = 0;
    for (const [i, width] of widths.entries()) {
      ops.copyColumns(rows, width, 0, width, whole, column, values(String(i)), joined);
      column += width;
    }
  });
});

register('embedding', ({ ops, backend, attributes, input, values }) => {
  const ids = attributes['ids'] as Int32Array;
  const [vocabulary, width] = matrix(input('weight'));
  return output(backend, [ids.length, width], (out) =>
    ops.embedding(ids.length, width, vocabulary, values('weight'), ids, out),
  );
});

register('embeddingGrad', ({ ops, backend, attributes, input, values }) => {
  const { ids, vocabulary } = attributes as { ids: Int32Array; vocabulary: number };
  const [tokens, width] = matrix(input('dy'));
  return output(backend, [vocabulary, width], (dWeight) =>
    ops.embeddingGrad(tokens, width, vocabulary, values('dy'), ids, dWeight),
  );
});

register('int8Linear', ({ ops, backend, input, values }) => {
  const [tokens, width] = matrix(input('x'));
  const [outputs] = matrix(input('packed'));
  const packed = backend.intValues(input('packed'));
  return output(backend, [tokens, outputs], (out) =>
    ops.int8Linear(tokens, width, outputs, values('x'), packed, values('scales'), out),
  );
});

register('int8LinearGrad', ({ ops, backend, attributes, input, values }) => {
  const [tokens, outputs] = matrix(input('dy'));
  const width = attributes['width'] as number;
  const packed = backend.intValues(input('packed'));
  return output(backend, [tokens, width], (dx) =>
    ops.int8LinearGrad(tokens, width, outputs, values('dy'), packed, values('scales'), dx),
  );
});

register('adamW', ({ ops, backend, attributes, input, values }) => {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale } = attributes as Record<
    string,
    number
  >;
  const settings = [learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale] as number[];
  const updated = ['parameter', 'm', 'v'].map((name) => backend.writable(input(name)));
  const gradient = values('gradient');
  ops.adamW(gradient.length, ...settings, ...updated, gradient);
  return [];
});

/** Tokens, heads, key/value heads, head width, scale and window (0: none) of an attention call. */
function attentionShape({ attributes, input }: Call): [number, number, number, number, number, number] {
  const { headDim, scale, window } = attributes as { headDim: number; scale: number; window?: number | null };
  const [tokens, width] = matrix(input('q'));
  return [tokens, width / headDim, matrix(input('k'))[1] / headDim, headDim, scale, window ?? 0];
}

register('attention', (call) => {
  const { ops, backend, attributes, input, values } = call;
  const shape = attentionShape(call);
  const segments = attributes['segments'] as Int32Array;
  return outputs(backend, [input('q').shape, [shape[0], shape[1]]], (out, logSums) =>
    ops.attention(...shape, segments, values('q'), values('k'), values('v'), out, logSums),
  );
});

register('attentionGrad', (call) => {
  const { ops, backend, attributes, input, values } = call;
  const shape = attentionShape(call);
  const segments = attributes['segments'] as Int32Array;
  const arrays = ['dOut', 'q', 'k', 'v', 'out', 'logSums'].map(values);
  return outputs(backend, [input('q').shape, input('k').shape, input('v').shape], (dq, dk, dv) =>
    ops.attentionGrad(...shape, segments, ...arrays, dq, dk, dv),
  );
});

register('cachedAttention', (call) => {
  const { ops, backend, attributes, input, values } = call;
  const { slots, sources, promptStarts, promptLengths } = attributes as Record<string, Int32Array>;
  const { slotCount, ownLength, pages } = attributes as { slotCount: number; ownLength: number; pages: number };
  const sizes = [...attentionShape(call), slotCount, matrix(input('promptKeys'))[0], ownLength];
  const rows = [slots, sources, promptStarts, promptLengths] as Int32Array[];
  const arrays = ['q', 'k', 'v', 'promptKeys', 'promptValues'].map(values);
  const pagesOf = (name: string): Float32Array[] =>
    Array.from({ length: pages }, (_, page) => backend.writable(input(`${name}${page}`)));
  return output(backend, input('q').shape, (out) =>
    ops.cachedAttention(...sizes, ...rows, ...arrays, pagesOf('keys'), pagesOf('values'), out),
  );
});

register('selectiveLogSoftmax', ({ ops, backend, attributes, input, values }) => {
  const { targets, temperature, kept } = attributes as { targets: Int32Array; temperature: number; kept: number };
  const [rows, width] = matrix(input('hidden'));
  const sizes = [rows, width, matrix(input('head'))[0], temperature];
  return outputs(backend, [[rows], [rows], [rows], [kept]], (...results) =>
    ops.selectiveLogSoftmax(...sizes, values('hidden'), values('head'), targets, ...results),
  );
});

register('selectiveLogSoftmaxGrad', ({ ops, backend, attributes, input, values }) => {
  const { targets, temperature, wanted } = attributes as { targets: Int32Array; temperature: number; wanted: string };
  const [rows, width] = matrix(input('hidden'));
  const sizes = [rows, width, matrix(input('head'))[0], temperature];
  const arrays = ['dLogps', 'dEntropies', 'hidden', 'head', 'entropies', 'logSums', 'keptLogits'].map(values);
  const shapes = (['hidden', 'head'] as const).filter((name) => wanted === 'both' || wanted === name);
  return outputs(
    backend,
    shapes.map((name) => input(name).shape),
    (...gradients) => {
      const gradientOf = (name: 'hidden' | 'head'): Float32Array | null => gradients[shapes.indexOf(name)] ?? null;
      ops.selectiveLogSoftmaxGrad(...sizes, ...arrays, targets, gradientOf('hidden'), gradientOf('head'));
    },
  );
});
