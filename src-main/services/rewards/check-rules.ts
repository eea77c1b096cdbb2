/** Says everything that is wrong with rules that are being written: by their schemas, by their compilers, and in their scripts. */
import { z } from 'zod';
import { StudioError } from '../../contract/errors.ts';
import { rewardRuleSchema, type RewardRule } from '../../contract/reward-rules.ts';
import type { RuleProblem } from '../../contract/rewards.ts';
import { compileRules } from '../../rewards/compile-rules.ts';
import { checkScript } from '../../rewards/sandbox/check-script.ts';
import { explainIssues } from '../config/config-problems.ts';

const setSchema = z.strictObject({
  rewards: z.array(rewardRuleSchema).min(1).describe('rules whose weighted sum is the reward'),
});

/** Either the rules with their defaults, or what is wrong with them. */
export type CheckedRules = { rules: RewardRule[]; problems: [] } | { rules: null; problems: RuleProblem[] };

/** @param given a list of rules, or what has such a list in `rewards` */
export async function checkRules(given: unknown): Promise<CheckedRules> {
  const values = { rewards: listOf(given) };
  const parsed = setSchema.safeParse(values);
  if (!parsed.success) {
    const explained = explainIssues(setSchema, values, parsed.error.issues, 'a rule set');
    return { rules: null, problems: explained.map(({ path, message }) => problem(path.join('.'), message)) };
  }
  const { rewards } = parsed.data;
  const found = await Promise.all(rewards.map(problemOf));
  const problems = [...repeatedNames(rewards), ...found.filter((one) => one !== null)];
  return problems.length === 0 ? { rules: rewards, problems: [] } : { rules: null, problems };
}

/** @throws StudioError reward_invalid for the first problem */
export async function requireSoundRules(given: unknown): Promise<RewardRule[]> {
  const { rules, problems } = await checkRules(given);
  if (rules !== null) return rules;
  const [{ field, message, line }] = problems;
  throw new StudioError('reward_invalid', message, { field, ...(line === null ? {} : { line }) });
}

function listOf(given: unknown): unknown {
  const isMap = given !== null && typeof given === 'object' && !Array.isArray(given);
  return isMap ? (given as Record<string, unknown>)['rewards'] : given;
}

function problem(field: string, message: string): RuleProblem {
  return { field, message, line: null, column: null };
}

async function problemOf(rule: RewardRule, place: number): Promise<RuleProblem | null> {
  const field = `rewards.${place}`;
  if (rule.type === 'javascript') {
    const fault = await checkScript(rule);
    if (fault === null) return null;
    const { line, column } = fault;
    return { field: `${field}.source`, message: `The script of rule "${rule.name}" ${fault.problem}.`, line, column };
  }
  try {
    (await compileRules([{ ...rule, enabled: true }])).dispose();
    return null;
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    return problem((error.where.field ?? 'rewards.0').replace(/^rewards\.0/, field), inPlace(error.message, field));
  }
}

/** A sentence about the rule at the first place, said of its own place. */
function inPlace(message: string, field: string): string {
  return message.replaceAll('rewards.0', field);
}

function repeatedNames(rules: readonly RewardRule[]): RuleProblem[] {
  return rules.flatMap(({ name }, place) => {
    const first = rules.findIndex((rule) => rule.name === name);
    if (first === place) return [];
    const message = `rewards.${first} and rewards.${place} are both named "${name}". Names must differ.`;
    return [problem(`rewards.${place}.name`, message)];
  });
}
