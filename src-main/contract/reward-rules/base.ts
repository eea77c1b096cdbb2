/** What every reward rule says, whatever its type. */
import { z } from 'zod';

export const ruleBase = {
  /** Names the rule in metrics (`rewards/<name>/mean`) and in the database. */
  name: z.string().regex(/^[A-Za-z0-9_.-]+$/, 'letters, digits, _, . and - only'),
  /** Factor of this rule's score in the total reward. */
  weight: z.number().default(1),
  /** A rule that is not enabled is not scored. */
  enabled: z.boolean().default(true),
  /** Bounds that the score is held to before it is weighted. */
  clip: z.strictObject({ min: z.number().optional(), max: z.number().optional() }).optional(),
  /** Scored and logged, but no part of the reward. */
  metric_only: z.boolean().default(false),
};
