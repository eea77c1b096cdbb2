/** Holds settings to the contract: each by its schema, reward rules by their compilers, and all of them to each other. */
import { z } from 'zod';
import { grpoConfigSchema, type GrpoConfig } from '../../contract/config.ts';
import { findConflicts } from '../../contract/conflicts.ts';
import { StudioError } from '../../contract/errors.ts';
import { withPreset } from '../../contract/presets.ts';
import type { RewardRule } from '../../contract/reward-rules.ts';
import { compileRules } from '../../rewards/compile-rules.ts';
import { explainIssues, type Problem } from './config-problems.ts';

/** Either the settings with their defaults, or what is wrong with them. */
export type CheckedValues<Config> = { config: Config; problems: [] } | { config: null; problems: Problem[] };

/**
 * @param given settings as a person gave them; a GRPO run's preset is filled in
 * @param what what a field is a setting of, for sentences
 * @param elsewhere as in `explainIssues`
 */
export async function checkValues<Schema extends z.ZodType>(
  schema: Schema,
  given: Record<string, unknown>,
  what: string,
  elsewhere?: ReadonlyMap<string, string>,
): Promise<CheckedValues<z.output<Schema>>> {
  const isGrpo = (schema as z.ZodType) === grpoConfigSchema;
  const values = isGrpo ? withPreset(given) : given;
  const { data, error } = schema.safeParse(values);
  if (error !== undefined) {
    return { config: null, problems: explainIssues(schema, values, error.issues, what, elsewhere) };
  }
  const problems = await ruleProblems((data as { rewards?: RewardRule[] }).rewards ?? []);
  if (problems.length === 0 && isGrpo) {
    for (const { field, message } of findConflicts(data as GrpoConfig)) {
      problems.push({ path: [field], message: `${message}.` });
    }
  }
  return problems.length === 0 ? { config: data, problems: [] } : { config: null, problems };
}

/** What the schema cannot see in a rule: a broken regular expression, a name used twice. */
async function ruleProblems(rules: RewardRule[]): Promise<Problem[]> {
  try {
    (await compileRules(rules)).dispose();
    return [];
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    return [{ path: (error.where.field ?? 'rewards').split('.'), message: error.message }];
  }
}
