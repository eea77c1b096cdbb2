/** Learning-rate schedules, as multipliers of the peak rate. */

export interface Schedule {
  type: 'constant' | 'linear' | 'cosine';
  warmupSteps: number;
  /** Steps of the whole run, warm-up included. */
  totalSteps: number;
}

/**
 * The multiplier of the learning rate at a step; equal to transformers' `get_scheduler`.
 *
 * @param step 0 for the first update
 * @returns 0 … 1: rises linearly over the warm-up, then stays (constant), falls linearly to 0 or along half a cosine to 0
 */
export function learningRateMultiplier(schedule: Schedule, step: number): number {
  const { type, warmupSteps, totalSteps } = schedule;
  if (step < warmupSteps) return step / warmupSteps;
  if (type === 'constant') return 1;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  return type === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
}
