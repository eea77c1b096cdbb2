/** The rule that asks for a completion to be made of tags, one after the other: 1 when it is, else 0. */
import { StudioError } from '../contract/errors.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import type { CompiledRule } from './rule.ts';
import { quote } from './wording.ts';

export type FormatRule = Extract<RewardRule, { type: 'format' }>;

/**
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when a tag is listed twice, as each must appear once
 */
export function compileFormat(rule: FormatRule, field: string): CompiledRule {
  const repeated = rule.tags.find((tag, index) => rule.tags.indexOf(tag) !== index);
  if (repeated !== undefined) {
    const message = `${field}.tags lists "${repeated}" twice, but each tag may appear only once in a completion.`;
    throw new StudioError('reward_invalid', message, { field: `${field}.tags` });
  }
  const shape = rule.tags.map((tag) => `<${tag}>…</${tag}>`).join('');
  return ({ text }) => {
    const fault = findFault(text, rule.tags);
    return fault === null ? { score: 1, why: `the completion has the form ${shape}` } : { score: 0, why: fault };
  };
}

/** What first keeps a text from being `<a>…</a> <b>…</b>` with only white space around the tags, or null. */
function findFault(text: string, tags: string[]): string | null {
  for (const mark of tags.flatMap((tag) => [`<${tag}>`, `</${tag}>`])) {
    const count = text.split(mark).length - 1;
    if (count !== 1) return count === 0 ? `no ${mark} in the completion` : `${mark} appears ${count} times`;
  }
  let position = 0;
  for (const tag of tags) {
    const open = text.indexOf(`<${tag}>`);
    const close = text.indexOf(`</${tag}>`);
    if (close < open) return `</${tag}> comes before <${tag}>`;
    if (open < position) return `<${tag}> is not after the tags before it`;
    const between = text.slice(position, open).trim();
    if (between !== '') return `text before <${tag}>: ${quote(between)}`;
    position = close + tag.length + '</>'.length;
  }
  const rest = text.slice(position).trim();
  return rest === '' ? null : `text after </${tags.at(-1)}>: ${quote(rest)}`;
}
