/** What is wrong with a rule that is written, found by the place of a setting. */
import type { RuleProblem } from '../../../../src-main/contract/rewards.ts';

/** @param path within the rule, such as `extract.tag`; empty: what concerns the rule as a whole */
export function problemAt(problems: readonly RuleProblem[], path: string): string | null {
  const found = problems.filter(({ field }) => field === path).map(({ message }) => message);
  return found.length === 0 ? null : found.join(' ');
}

/** Those of the rule at a place, their fields within it and called so in their sentences, too. */
export function problemsOfRule(problems: readonly RuleProblem[], place: number): RuleProblem[] {
  const rule = `rewards.${place}`;
  return problems.flatMap((problem) => {
    if (problem.field !== rule && !problem.field.startsWith(`${rule}.`)) return [];
    const field = problem.field.slice(rule.length + 1);
    return [{ ...problem, field, message: problem.message.replaceAll(`${rule}.`, '') }];
  });
}

/** Those of no rule in particular. */
export function problemsOfSet(problems: readonly RuleProblem[]): RuleProblem[] {
  return problems.filter(({ field }) => !/^rewards\.\d/.test(field));
}
