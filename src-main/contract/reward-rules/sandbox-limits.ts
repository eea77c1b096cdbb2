/** The limits of code that runs in the sandbox, the same for rules that are code and rules that run a completion's code. */
import { z } from 'zod';

export const sandboxLimits = {
  memory_mb: z.int().min(1).max(1024).default(32).describe('Largest memory of the script, in MiB.'),
  stack_kb: z.int().min(16).max(512).default(256).describe('Largest stack of the script, in KiB.'),
  budget_ms: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(30_000)
    .describe('Longest time of all completions of a step together, in milliseconds; those that are left get no score.'),
};
