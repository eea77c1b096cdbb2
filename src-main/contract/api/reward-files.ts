/** Rule sets as files: the YAML that the command line takes. */
import { z } from 'zod';

export const rewardFileInputs = {
  'rules-to-yaml': z.strictObject({
    name: z.string().describe('stands in the first line'),
    rules: z.array(z.unknown()).describe('as a person wrote them'),
  }),
  'yaml-to-rules': z.strictObject({ text: z.string().max(1_000_000) }),
} as const;

export interface RewardFileOutputs {
  'rules-to-yaml': string;
  /** Unchecked. @throws reward_invalid when the text is no YAML or has no list of rules, with its line where that is known */
  'yaml-to-rules': unknown[];
}
