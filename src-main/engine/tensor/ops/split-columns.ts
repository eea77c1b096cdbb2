/** Cuts what a fused linear layer computes, such as query, key and value side by side, into its parts. */
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel, runKernels } from './fused.ts';
import { kernelNames } from './kernel-names.ts';

/**
 * @param x `[N, sum of widths]`
 * @param widths of two parts or more
 * @returns the columns of x in runs of these widths, `[N, width]` each
 */
export function splitColumns(x: tf.Tensor2D, widths: readonly number[]): tf.Tensor2D[] {
  if (!hasKernel(kernelNames.splitColumns)) return splitColumnsReference(x, widths);
  return runKernels(kernelNames.splitColumns, { x }, { widths }) as tf.Tensor2D[];
}

/** `splitColumns` in plain tf operations. */
export function splitColumnsReference(x: tf.Tensor2D, widths: readonly number[]): tf.Tensor2D[] {
  let column = 0;
  return widths.map((width) => {
    column += width;
    return tf.slice(x, [0, column - width], [x.shape[0], width]);
  });
}

tf.registerGradient({
  kernelName: kernelNames.splitColumns,
  gradFunc: (dy) => ({
    x: () => runKernel(kernelNames.joinColumns, Object.fromEntries((dy as tf.Tensor[]).entries())),
  }),
});
