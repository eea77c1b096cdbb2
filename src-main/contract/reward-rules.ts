/** What a reward rule may say. Rules are data: they are written in the config, stored with the run, and scored by the rewards room. */
import { z } from 'zod';
import {
  answerMatchRuleSchema,
  columnCompareRuleSchema,
  countdownRuleSchema,
  jsonSchemaRuleSchema,
  similarityRuleSchema,
} from './reward-rules/answer.ts';
import { codeTestsRuleSchema } from './reward-rules/code-tests.ts';
import { javascriptRuleSchema } from './reward-rules/javascript.ts';
import { judgeRuleSchema } from './reward-rules/judge.ts';
import {
  cosineRuleSchema,
  kimiLengthRuleSchema,
  lengthBandRuleSchema,
  repetitionRuleSchema,
  softOverlongRuleSchema,
} from './reward-rules/length.ts';
import { mathRuleSchema } from './reward-rules/math.ts';
import { rewardModelRuleSchema } from './reward-rules/reward-model.ts';
import {
  containsRuleSchema,
  formatRuleSchema,
  languageRuleSchema,
  notContainsRuleSchema,
  patternCountRuleSchema,
  regexRuleSchema,
  scriptRuleSchema,
  tagCountRuleSchema,
  thinkFormatRuleSchema,
} from './reward-rules/text.ts';

export const rewardRuleSchema = z.discriminatedUnion('type', [
  answerMatchRuleSchema,
  columnCompareRuleSchema,
  similarityRuleSchema,
  mathRuleSchema,
  countdownRuleSchema,
  jsonSchemaRuleSchema,
  regexRuleSchema,
  containsRuleSchema,
  notContainsRuleSchema,
  patternCountRuleSchema,
  tagCountRuleSchema,
  formatRuleSchema,
  thinkFormatRuleSchema,
  scriptRuleSchema,
  languageRuleSchema,
  lengthBandRuleSchema,
  softOverlongRuleSchema,
  repetitionRuleSchema,
  cosineRuleSchema,
  kimiLengthRuleSchema,
  codeTestsRuleSchema,
  javascriptRuleSchema,
  judgeRuleSchema,
  rewardModelRuleSchema,
]);

export type RewardRule = z.infer<typeof rewardRuleSchema>;

/** The rule of one type. */
export type RuleOf<Type extends RewardRule['type']> = Extract<RewardRule, { type: Type }>;
