/** Reduces the broadcast of two shapes to a walk over one matrix, the form in which the C++ kernels take it. */
import { broadcast_util, util } from '@tensorflow/tfjs-core';

/** How an operand is read: element (i, j) is `[i * rowStride + j * columnStep]`. */
type Steps = [rowStride: number, columnStep: number];

export interface MatrixBroadcast {
  /** The shape of the result. */
  shape: number[];
  rows: number;
  columns: number;
  a: Steps;
  b: Steps;
}

/**
 * Two axes suffice when the axes fall into a first and a last part such that each operand, in each part, either has the full
 * shape or repeats. Null for a broadcast that needs more.
 * @throws Error when the shapes cannot be broadcast to each other
 */
export function collapseBroadcast(aShape: number[], bShape: number[]): MatrixBroadcast | null {
  const shape = broadcast_util.assertAndGetBroadcastShape(aShape, bShape);
  const repeatsA = repeats(aShape, shape);
  const repeatsB = repeats(bShape, shape);
  // An axis of length 1 repeats and does not at once, so it fits either part.
  const parts: { size: number; a: boolean; b: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const [a, b] = [repeatsA[axis], repeatsB[axis]];
    const last = parts.at(-1);
    if (last?.a === a && last.b === b) last.size *= size;
    else parts.push({ size, a, b });
  });
  if (parts.length > 2) return null;
  const whole = { size: 1, a: true, b: true };
  const [rows, columns] = parts.length === 2 ? (parts as [typeof whole, typeof whole]) : [whole, parts[0] ?? whole];
  const steps = (row: boolean, column: boolean): Steps => [row ? 0 : column ? 1 : columns.size, column ? 0 : 1];
  const plan = { shape, rows: rows.size, columns: columns.size };
  return { ...plan, a: steps(rows.a, columns.a), b: steps(rows.b, columns.b) };
}

/** For each axis of `full`, whether a tensor of shape `shape` is repeated along it. */
function repeats(shape: number[], full: number[]): boolean[] {
  const missing = full.length - shape.length;
  util.assert(missing >= 0, () => `Shape [${shape.join()}] has more axes than [${full.join()}].`);
  return full.map((size, axis) => axis < missing || (shape[axis - missing] === 1 && size !== 1));
}
