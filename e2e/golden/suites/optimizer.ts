/** optimizer.json: AdamW after gradient clipping, and the schedules of the learning rate. */
import { z } from 'zod';
import { optimizerUpdates } from '../../../src-main/engine/fixtures/golden-quantities.ts';
import { learningRateMultiplier, type Schedule } from '../../../src-main/grpo/schedule.ts';
import { compare } from '../compare.ts';
import { golden, NotImplemented, type Suite } from '../suite.ts';

const file = z.looseObject({
  param0: golden.numbers,
  steps: z.array(z.looseObject({ grad: golden.numbers, grad_norm: golden.number, param: golden.numbers })),
  schedules: z.record(z.string(), golden.numbers),
});

/** The settings that the file's `about` names. */
const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
const learningRate = 1e-2;
const warmupSteps = 5;

/** transformers' names of schedules in terms of ours. */
const schedulesByName: Record<string, Pick<Schedule, 'type' | 'warmupSteps'>> = {
  constant: { type: 'constant', warmupSteps: 0 },
  constant_with_warmup: { type: 'constant', warmupSteps },
  linear: { type: 'linear', warmupSteps },
  cosine: { type: 'cosine', warmupSteps },
};

export const optimizer: Suite = {
  name: 'optimizer',
  cases(content) {
    const { param0, steps, schedules } = file.parse(content);
    const updates = {
      name: 'AdamW after clipping',
      run() {
        const got = optimizerUpdates(
          param0,
          steps.map(({ grad }) => grad),
          settings,
          learningRate,
        );
        return steps.flatMap((expected, i) => [
          compare(`grad_norm of update ${i}`, got[i].gradientNorm, expected.grad_norm, { absolute: 1e-5 }),
          compare(`param after update ${i}`, got[i].values, expected.param, { absolute: 1e-5 }),
        ]);
      },
    };
    const multipliers = Object.entries(schedules).map(([name, expected]) => ({
      name: `schedule ${name}`,
      run() {
        const schedule = schedulesByName[name];
        if (schedule === undefined) throw new NotImplemented(`learning-rate schedule "${name}"`);
        const got = expected.map((_, step) =>
          learningRateMultiplier({ ...schedule, totalSteps: expected.length }, step),
        );
        return [compare('multipliers', got, expected, { absolute: 1e-5 })];
      },
    }));
    return [updates, ...multipliers];
  },
};
