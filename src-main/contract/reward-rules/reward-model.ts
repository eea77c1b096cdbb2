/** What a rule that asks a trained reward model may say. */
import { z } from 'zod';
import { ruleBase } from './base.ts';

export const rewardModelRuleSchema = z
  .strictObject({
    ...ruleBase,
    type: z.literal('reward_model'),
    model: z.string().min(1).describe('Folder of the reward model, such as a checkpoint of a reward_model run.'),
    sigmoid: z
      .boolean()
      .default(false)
      .describe('Score 1/(1+e^-s) in place of the number s that the model gives: between 0 and 1.'),
  })
  .describe('what a trained reward model says of the completion');

export type RewardModelRule = z.infer<typeof rewardModelRuleSchema>;
