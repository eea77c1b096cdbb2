/** Adds a low-rank adapter to the weights it stands on, so that the model needs the adapter no more. */

/**
 * W + scale · B·A, computed in float64 and rounded to float32 once.
 *
 * @param weight [O, I], changed in place
 * @param down A [r, I]
 * @param up B [O, r]
 * @param scale α/r, or α/√r with rank-stabilised LoRA
 */
export function mergeLowRank(
  weight: Float32Array,
  down: Float32Array,
  up: Float32Array,
  [outputs, inputs, rank]: readonly [number, number, number],
  scale: number,
): void {
  const row = new Float64Array(inputs); // one row of B·A
  for (let output = 0; output < outputs; output++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = up[output * rank + r];
      const from = r * inputs;
      for (let input = 0; input < inputs; input++) row[input] += factor * down[from + input];
    }
    const start = output * inputs;
    for (let input = 0; input < inputs; input++) weight[start + input] += scale * row[input];
  }
}
