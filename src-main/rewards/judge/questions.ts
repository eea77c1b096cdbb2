/** What a judge is asked: the texts of a rule's template, filled with a completion or with all completions of a prompt. */
import type { JudgeRule } from '../../contract/reward-rules/judge.ts';
import { StudioError } from '../../contract/errors.ts';
import type { ScoredGroup } from '../rule.ts';
import { fillTemplate, unknownPlaces } from './fill-template.ts';

const pointwiseTemplate = `Judge the answer to a question.

Question:
{prompt}

Answer:
{completion}

Give a number from {min} (worthless) to {max} (perfect). Reply with JSON only: {"score": number}`;

const groupTemplate = `Compare {count} answers to one question.

Question:
{prompt}

{completions}

Give every answer a number from {min} (worthless) to {max} (perfect), in the order of the answers. Reply with JSON only:
{"scores": [number, …]} with {count} numbers.`;

const shared = ['prompt', 'answer', 'min', 'max'];
const places = {
  pointwise: [...shared, 'completion'],
  group: [...shared, 'completions', 'count'],
};

/**
 * A function that gives the questions about a group: one for each completion, or one for all.
 * @throws StudioError reward_invalid when a template lacks the completion or names a place there is not
 */
export function compileQuestions(rule: JudgeRule, field: string): (group: ScoredGroup) => string[] {
  const template = rule.template ?? (rule.mode === 'group' ? groupTemplate : pointwiseTemplate);
  const needed = rule.mode === 'group' ? '{completions}' : '{completion}';
  const unknown = unknownPlaces(template, places[rule.mode]);
  const wrong =
    unknown.length > 0
      ? `names {${unknown[0]}}, which is none of ${places[rule.mode].map((name) => `{${name}}`).join(', ')} and {row.COLUMN}`
      : !template.includes(needed)
        ? `does not contain ${needed}`
        : null;
  if (wrong !== null)
    throw new StudioError('reward_invalid', `The template of rule "${rule.name}" ${wrong}.`, {
      field: `${field}.template`,
    });
  return (group) => {
    const values = { ...rowValues(group), prompt: group.prompt, min: String(rule.min), max: String(rule.max) };
    if (rule.mode === 'pointwise')
      return group.completions.map(({ text }) => fillTemplate(template, { ...values, completion: text }));
    const count = String(group.completions.length);
    const completions = group.completions.map(({ text }, index) => `Answer ${index + 1}:\n${text}`).join('\n\n');
    return [fillTemplate(template, { ...values, count, completions })];
  };
}

function rowValues({ row }: ScoredGroup): Record<string, string> {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? null));
  const columns = Object.entries(row.columns).map(([name, value]) => [`row.${name}`, text(value)]);
  return { ...(Object.fromEntries(columns) as Record<string, string>), answer: text(row.columns['answer'] ?? '') };
}
