/**
 * The tfjs kernels that the native backend computes in C++ instead of JavaScript. Each handles float tensors in the shapes that
 * training meets and hands everything else to the JavaScript kernel it replaces.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type NativeAddon, binaryOps, unaryOps } from './native-addon.ts';
import { collapseBroadcast } from './broadcast.ts';
import type { NativeBackend } from './native-data.ts';

/** Computes the output, or returns null where the JavaScript kernel has to. */
type Kernel = (inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap, backend: NativeBackend) => tf.TensorInfo | null;

/** Puts the C++ kernels in place of the JavaScript ones that are registered for `native`. */
export function registerNativeKernels(addon: NativeAddon): void {
  const kernels: Record<string, Kernel> = {
    [tf.BatchMatMul]: matMul(addon),
    [tf.Add]: binary(addon, binaryOps.add),
    [tf.Sub]: binary(addon, binaryOps.sub),
    [tf.Multiply]: binary(addon, binaryOps.multiply),
    [tf.RealDiv]: binary(addon, binaryOps.divide),
    [tf.AddN]: addN(addon),
    [tf.Square]: unary(addon, unaryOps.square),
    [tf.Sqrt]: unary(addon, unaryOps.sqrt),
    [tf.Rsqrt]: unary(addon, unaryOps.reciprocalSqrt),
    [tf.Exp]: unary(addon, unaryOps.exp),
    [tf.Neg]: unary(addon, unaryOps.negate),
    [tf.Sigmoid]: unary(addon, unaryOps.sigmoid),
    [tf.Sum]: sum(addon),
    [tf.Transpose]: transpose(addon),
    [tf.GatherV2]: gatherRows(addon),
    [tf.Concat]: concatRows,
    [tf.Slice]: sliceRows,
    [tf.Fill]: fill,
    [tf.ZerosLike]: zerosLike,
  };
  for (const [kernelName, kernel] of Object.entries(kernels)) replaceKernel(kernelName, kernel);
}

function replaceKernel(kernelName: string, kernel: Kernel): void {
  const javaScript = tf.getKernel(kernelName, 'cpu');
  tf.unregisterKernel(kernelName, 'native');
  tf.registerKernel({
    kernelName,
    backendName: 'native',
    kernelFunc: (args) => {
      const native = args.backend as NativeBackend;
      return kernel(args.inputs, args.attrs as tf.NamedAttrMap, native) ?? javaScript.kernelFunc(args);
    },
  });
}

function isFloat(info: tf.TensorInfo): boolean {
  return info.dtype === 'float32';
}

/** `a · b` over the last two axes; the leading axes are a batch, where one side may have a batch of one. */
function matMul(addon: NativeAddon): Kernel {
  return (inputs, attrs, backend) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    if (!isFloat(a) || !isFloat(b)) return null;
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    const [aBatch, aRows, aColumns] = matrixShape(a.shape);
    const [bBatch, bRows, bColumns] = matrixShape(b.shape);
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
    const sameBatch = String(a.shape.slice(0, -2)) === String(b.shape.slice(0, -2));
    if (k !== inner || !(sameBatch || aBatch === 1 || bBatch === 1)) return null;
    const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const out = backend.allocate([...outer, m, n]);
    const batch = tf.util.sizeFromShape(outer);
    if (batch === 0) return out;
    const aStride = aBatch === 1 ? 0 : m * k;
    const bStride = bBatch === 1 ? 0 : k * n;
    const [aValues, bValues] = [backend.values(a), backend.values(b)];
    addon.gemm(transposeA, transposeB, batch, m, n, k, aValues, aStride, bValues, bStride, backend.values(out));
    return out;
  };
}

/** `[batch, rows, columns]` of a tensor of at least two axes. */
function matrixShape(shape: number[]): [number, number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return [tf.util.sizeFromShape(shape.slice(0, -2)), rows, columns];
}

function binary(addon: NativeAddon, op: number): Kernel {
  return (inputs, _attrs, backend) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    if (!isFloat(a) || !isFloat(b)) return null;
    const plan = collapseBroadcast(a.shape, b.shape);
    if (plan === null) return null;
    const out = backend.allocate(plan.shape);
    const [aValues, bValues, values] = [backend.values(a), backend.values(b), backend.values(out)];
    const { rows, columns } = plan;
    addon.binary(op, aValues, ...plan.a, bValues, ...plan.b, values, rows, columns);
    return out;
  };
}

function unary(addon: NativeAddon, op: number): Kernel {
  return ({ x }, _attrs, backend) => {
    if (!x || !isFloat(x)) return null;
    const out = backend.allocate(x.shape);
    addon.unary(op, backend.values(x), backend.values(out));
    return out;
  };
}

function addN(addon: NativeAddon): Kernel {
  return (inputs, _attrs, backend) => {
    const tensors = inputs as unknown as tf.TensorInfo[];
    if (!tensors.every(isFloat)) return null;
    const [first, ...others] = tensors as [tf.TensorInfo, ...tf.TensorInfo[]];
    const out = backend.allocate(first.shape);
    const total = backend.values(out);
    total.set(backend.values(first));
    for (const tensor of others) addon.accumulate(backend.values(tensor), total);
    return out;
  };
}

/** Sums over all axes, over the last ones or over the first ones. */
function sum(addon: NativeAddon): Kernel {
  return ({ x }, attrs, backend) => {
    if (!x || !isFloat(x)) return null;
    const { axis, keepDims } = attrs as { axis: number | number[]; keepDims: boolean };
    const axes = tf.util.parseAxisParam(axis, x.shape).toSorted((a, b) => a - b);
    const rank = x.shape.length;
    const areLast = axes.every((value, i) => value === rank - axes.length + i);
    const areFirst = axes.every((value, i) => value === i);
    if (!areLast && !areFirst) return null;
    const [reduced, kept] = [x.shape.filter((_, i) => axes.includes(i)), x.shape.filter((_, i) => !axes.includes(i))];
    const shape = keepDims ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size)) : kept;
    const out = backend.allocate(shape);
    const [values, total] = [backend.values(x), backend.values(out)];
    const [length, count] = [tf.util.sizeFromShape(reduced), tf.util.sizeFromShape(kept)];
    if (axes.length === rank) total[0] = addon.sumAll(values);
    else if (areLast) addon.sumRows(values, total, count, length);
    else addon.sumColumns(values, total, length, count);
    return out;
  };
}

/** The transpose of a matrix. */
function transpose(addon: NativeAddon): Kernel {
  return ({ x }, attrs, backend) => {
    const { perm } = attrs as { perm: number[] };
    if (!x || !isFloat(x) || x.shape.length !== 2 || perm[0] !== 1) return null;
    const [rows, columns] = x.shape as [number, number];
    const out = backend.allocate([columns, rows]);
    addon.transpose(backend.values(x), backend.values(out), rows, columns);
    return out;
  };
}

/** `x[indices]` along the first axis, without batch axes. */
function gatherRows(addon: NativeAddon): Kernel {
  return (inputs, attrs, backend) => {
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    const rowShape = x.shape.slice(1);
    const length = tf.util.sizeFromShape(rowShape);
    if (!isFloat(x) || axis !== 0 || batchDims !== 0 || length === 0) return null;
    const out = backend.allocate([...indices.shape, ...rowShape]);
    addon.gatherRows(backend.values(x), length, backend.intValues(indices), backend.values(out));
    return out;
  };
}

/** Concatenation along the first axis: the values one after the other. */
const concatRows: Kernel = (inputs, attrs, backend) => {
  const tensors = inputs as unknown as tf.TensorInfo[];
  const [first] = tensors as [tf.TensorInfo];
  const axis = tf.util.parseAxisParam(attrs['axis'] as number, first.shape)[0];
  if (axis !== 0 || tensors.length < 2 || !tensors.every(isFloat)) return null;
  const shapes = tensors.map((tensor) => tensor.shape);
  tf.backend_util.assertParamsConsistent(shapes, 0);
  const out = backend.allocate(tf.backend_util.computeOutShape(shapes, 0));
  const values = backend.values(out);
  let offset = 0;
  for (const tensor of tensors) {
    const part = backend.values(tensor);
    values.set(part, offset);
    offset += part.length;
  }
  return out;
};

/** A slice that is one piece of memory is copied; the JavaScript kernel would share it with the tensor it is cut from. */
const sliceRows: Kernel = ({ x }, attrs, backend) => {
  if (!x || !isFloat(x)) return null;
  const { begin, size } = attrs as { begin: number[]; size: number[] };
  const [from, shape] = tf.slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
  tf.slice_util.assertParamsValid(x, from, shape);
  if (!tf.slice_util.isSliceContinous(x.shape, from, shape)) return null;
  const offset = tf.slice_util.computeFlatOffset(from, tf.util.computeStrides(x.shape));
  const out = backend.allocate(shape);
  const values = backend.values(out);
  values.set(backend.values(x).subarray(offset, offset + values.length));
  return out;
};

const fill: Kernel = (_inputs, attrs, backend) => {
  const { shape, value, dtype } = attrs as { shape: number[]; value: number; dtype?: tf.DataType };
  if (typeof value !== 'number' || (dtype ?? 'float32') !== 'float32') return null;
  const out = backend.allocate(shape);
  backend.values(out).fill(value);
  return out;
};

const zerosLike: Kernel = ({ x }, _attrs, backend) => (x && isFloat(x) ? backend.allocateZeros(x.shape) : null);
