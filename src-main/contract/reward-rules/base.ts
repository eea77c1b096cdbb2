/** What every reward rule says, whatever its type. */
import { z } from 'zod';

export const ruleBase = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+$/, 'letters, digits, _, . and - only')
    .describe('Names the rule in metrics (`rewards/<name>/mean`) and in the database.'),
  weight: z.number().default(1).describe("Factor of this rule's score in the total reward."),
  enabled: z.boolean().default(true).describe('A rule that is not enabled is not scored.'),
  clip: z
    .strictObject({ min: z.number().optional(), max: z.number().optional() })
    .optional()
    .describe('Bounds that the score is held to before it is weighted.'),
  metric_only: z.boolean().default(false).describe('Scored and logged, but no part of the reward.'),
};
