/**
 * Gradients of the tfjs kernels the engine differentiates through.
 *
 * @tensorflow/tfjs-core ships them only as bundler modules that Node cannot import, so its Node build registers none. Another
 * package may have registered its own (tfjs-node does): those stay.
 */
import * as tf from '@tensorflow/tfjs-core';

type Derivative = (dy: tf.Tensor, saved: tf.Tensor[], attributes: tf.NamedAttrMap) => Record<string, () => tf.Tensor>;

function gradient(kernelName: string, save: { inputs?: string[]; output?: boolean }, derivative: Derivative): void {
  if (tf.getGradient(kernelName) !== undefined) return;
  tf.registerGradient({
    kernelName,
    ...(save.inputs ? { inputsToSave: save.inputs } : {}),
    ...(save.output ? { outputsToSave: [true] } : {}),
    gradFunc: (dy, saved, attributes) => derivative(dy as tf.Tensor, saved, attributes),
  });
}

/** Sums `dy` over the axes along which an input of `shape` was broadcast. */
function reduceTo(shape: number[], dy: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}

/** `slope(x)` is the derivative of an elementwise kernel at its input. */
function ofInput(kernelName: string, slope: (x: tf.Tensor, attributes: tf.NamedAttrMap) => tf.Tensor): void {
  gradient(kernelName, { inputs: ['x'] }, (dy, [x], attributes) => ({
    x: () => tf.mul(dy, tf.cast(slope(x, attributes), 'float32')),
  }));
}

/** `slope(y)` is the derivative of an elementwise kernel in terms of its output. */
function ofOutput(kernelName: string, slope: (y: tf.Tensor) => tf.Tensor): void {
  gradient(kernelName, { output: true }, (dy, [y]) => ({ x: () => tf.mul(dy, slope(y)) }));
}

/** A kernel of two broadcast inputs; `slopes` gives what `dy` becomes for each before the sum over broadcast axes. */
function ofPair(
  kernelName: string,
  slopes: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => { a: () => tf.Tensor; b: () => tf.Tensor },
): void {
  gradient(kernelName, { inputs: ['a', 'b'] }, (dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const parts = slopes(dy, a, b);
    return { a: () => reduceTo(a.shape, parts.a()), b: () => reduceTo(b.shape, parts.b()) };
  });
}

const masked = (dy: tf.Tensor, condition: tf.Tensor): tf.Tensor => tf.mul(dy, tf.cast(condition, 'float32'));

ofPair(tf.Add, (dy) => ({ a: () => dy, b: () => dy }));
ofPair(tf.Sub, (dy) => ({ a: () => dy, b: () => tf.neg(dy) }));
ofPair(tf.Multiply, (dy, a, b) => ({
  a: () => tf.mul(dy, tf.cast(b, 'float32')),
  b: () => tf.mul(dy, tf.cast(a, 'float32')),
}));
ofPair(tf.RealDiv, (dy, a, b) => ({ a: () => tf.div(dy, b), b: () => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))) }));
ofPair(tf.Maximum, (dy, a, b) => ({ a: () => masked(dy, tf.greaterEqual(a, b)), b: () => masked(dy, tf.less(a, b)) }));
ofPair(tf.Minimum, (dy, a, b) => ({ a: () => masked(dy, tf.lessEqual(a, b)), b: () => masked(dy, tf.greater(a, b)) }));
ofPair(tf.SquaredDifference, (dy, a, b) => ({
  a: () => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
  b: () => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
}));

gradient(tf.Neg, {}, (dy) => ({ x: () => tf.neg(dy) }));
gradient(tf.Identity, {}, (dy) => ({ x: () => tf.cast(dy, 'float32') }));
gradient(tf.Cast, {}, (dy) => ({ x: () => tf.clone(dy) }));
ofInput(tf.Log, (x) => tf.div(1, x));
ofInput(tf.Log1p, (x) => tf.div(1, tf.add(x, 1)));
ofInput(tf.Square, (x) => tf.mul(2, x));
ofInput(tf.Abs, (x) => tf.sign(x));
ofInput(tf.Relu, (x) => tf.greater(x, 0));
ofInput(tf.Softplus, (x) => tf.sigmoid(x));
ofInput(tf.ClipByValue, (x, attributes) =>
  tf.logicalAnd(
    tf.greaterEqual(x, attributes['clipValueMin'] as number),
    tf.lessEqual(x, attributes['clipValueMax'] as number),
  ),
);
ofOutput(tf.Exp, (y) => y);
ofOutput(tf.Expm1, (y) => tf.add(y, 1));
ofOutput(tf.Sigmoid, (y) => tf.mul(y, tf.sub(1, y)));
ofOutput(tf.Tanh, (y) => tf.sub(1, tf.square(y)));
ofOutput(tf.Sqrt, (y) => tf.div(0.5, y));
ofOutput(tf.Rsqrt, (y) => tf.mul(-0.5, tf.mul(y, tf.square(y))));

gradient(tf.Select, { inputs: ['condition'] }, (dy, [condition]) => ({
  t: () => masked(dy, condition),
  e: () => masked(dy, tf.logicalNot(condition)),
}));

/** `dy` of a reduction, stretched back to the reduced shape. */
function unreduced(dy: tf.Tensor, shape: number[], axis: unknown): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis as number | number[], shape);
  const kept = shape.map((size, index) => (axes.includes(index) ? 1 : size));
  return tf.mul(tf.reshape(dy, kept), tf.fill(shape, 1)); // a product is the fastest way to broadcast
}

gradient(tf.Sum, { inputs: ['x'] }, (dy, [x], { axis }) => ({ x: () => unreduced(dy, x.shape, axis) }));
gradient(tf.Mean, { inputs: ['x'] }, (dy, [x], { axis }) => {
  const { shape, size } = x;
  return { x: () => tf.mul(unreduced(dy, shape, axis), dy.size / size) };
});
gradient(tf.Softmax, { output: true }, (dy, [y]) => ({
  logits: () => {
    const weighted = tf.mul(dy, y);
    return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), y));
  },
}));
gradient(tf.LogSoftmax, { output: true }, (dy, [y]) => ({
  logits: () => tf.sub(dy, tf.mul(tf.sum(dy, -1, true), tf.exp(y))),
}));

gradient(tf.Reshape, { inputs: ['x'] }, (dy, [x]) => ({ x: () => tf.reshape(dy, x.shape) }));
gradient(tf.ExpandDims, { inputs: ['input'] }, (dy, [input]) => ({
  input: () => tf.reshape(dy, input.shape),
}));
gradient(tf.Transpose, {}, (dy, _saved, { perm }) => ({
  x: () => tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(perm as number[])),
}));
gradient(tf.Slice, { inputs: ['x'] }, (dy, [x], { begin, size }) => ({
  x: () => {
    const { shape } = x;
    const [starts, sizes] = tf.slice_util.parseSliceParams(x, begin as number[], size as number[]);
    return tf.pad(
      dy,
      shape.map((length, axis) => [starts[axis], length - starts[axis] - sizes[axis]]),
    );
  },
}));

if (tf.getGradient(tf.Concat) === undefined) {
  tf.registerGradient({
    kernelName: tf.Concat,
    saveAllInputs: true,
    gradFunc: (dy, saved, { axis }) => {
      const along = tf.util.parseAxisParam(axis as number, saved[0].shape)[0];
      const sizes = saved.map((input) => input.shape[along]);
      const parts = tf.split(dy as tf.Tensor, sizes, along);
      return Object.fromEntries(parts.map((part, index) => [index, () => part]));
    },
  });
}

gradient(tf.GatherV2, { inputs: ['x', 'indices'] }, (dy, [x, indices], { axis }) => ({
  x: () => {
    const { shape } = x;
    const along = tf.util.parseAxisParam(axis as number, shape)[0];
    if (along !== 0) throw new Error('The gradient of gather is defined along the first axis only.');
    const flat = tf.reshape(indices, [-1, 1]);
    const rows = tf.reshape(dy, [flat.shape[0], ...shape.slice(1)]);
    return tf.scatterND(flat, rows, shape);
  },
}));

/** Of the four products, none makes a transpose. */
gradient(tf.BatchMatMul, { inputs: ['a', 'b'] }, (dy, saved, { transposeA, transposeB }) => {
  const [a, b] = saved as [tf.Tensor, tf.Tensor];
  if (a.shape.length !== b.shape.length || a.shape.slice(0, -2).some((size, axis) => size !== b.shape[axis])) {
    throw new Error('The gradient of a matrix product with a broadcast batch is not defined.');
  }
  return {
    a: () => (transposeA ? tf.matMul(b, dy, Boolean(transposeB), true) : tf.matMul(dy, b, false, !transposeB)),
    b: () => (transposeB ? tf.matMul(dy, a, true, Boolean(transposeA)) : tf.matMul(a, dy, !transposeA, false)),
  };
});
