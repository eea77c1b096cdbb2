/** The rule that asks for a completion to be made of tags, one after the other: 1 when it is, else 0. */
import { StudioError } from '../contract/errors.ts';
import type { RuleOf } from '../contract/reward-rules.ts';
import type { CompiledRule, TextSpan } from './rule.ts';
import { plural, quote } from './wording.ts';

/** What first keeps a text from having the form, and where. */
interface Fault {
  why: string;
  span?: TextSpan;
}

/**
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when a tag is listed twice, as each must appear once
 */
export function compileFormat(rule: RuleOf<'format'>, field: string): CompiledRule {
  const { tags, newlines } = rule;
  const repeated = tags.find((tag, index) => tags.indexOf(tag) !== index);
  if (repeated !== undefined) {
    const message = `${field}.tags lists "${repeated}" twice, but each tag may appear only once in a completion.`;
    throw new StudioError('reward_invalid', message, { field: `${field}.tags` });
  }
  const shape = tags.map((tag) => `<${tag}>…</${tag}>`).join('');
  const lines = newlines === 'strict' ? ', each tag on its own line' : '';
  return ({ text }) => {
    const fault = findFault(text, tags) ?? (newlines === 'strict' ? findWrongNewline(text, tags) : null);
    if (fault === null) return { score: 1, why: `the completion has the form ${shape}${lines}` };
    return { score: 0, why: fault.why, ...(fault.span && { spans: [fault.span] }) };
  };
}

/** What first keeps a text from being `<a>…</a> <b>…</b>` with only white space around the tags, or null. */
function findFault(text: string, tags: string[]): Fault | null {
  for (const mark of tags.flatMap((tag) => [`<${tag}>`, `</${tag}>`])) {
    const count = text.split(mark).length - 1;
    if (count === 0) return { why: `no ${mark} in the completion` };
    if (count > 1)
      return { why: `${mark} appears ${plural(count, 'time')}`, span: markAt(text.lastIndexOf(mark), mark) };
  }
  let position = 0;
  for (const tag of tags) {
    const open = text.indexOf(`<${tag}>`);
    const close = text.indexOf(`</${tag}>`);
    if (close < open) return { why: `</${tag}> comes before <${tag}>`, span: markAt(close, `</${tag}>`) };
    if (open < position) return { why: `<${tag}> is not after the tags before it`, span: markAt(open, `<${tag}>`) };
    const between = text.slice(position, open);
    if (between.trim() !== '') {
      return { why: `text before <${tag}>: ${quote(between.trim())}`, span: inside(position, between) };
    }
    position = close + tag.length + '</>'.length;
  }
  const rest = text.slice(position);
  if (rest.trim() === '') return null;
  return { why: `text after </${tags.at(-1)}>: ${quote(rest.trim())}`, span: inside(position, rest) };
}

/** Where tags that are in order are not divided by exactly one line break, or null. */
function findWrongNewline(text: string, tags: string[]): Fault | null {
  let position = 0;
  for (const [index, tag] of tags.entries()) {
    const open = text.indexOf(`<${tag}>`);
    const close = text.indexOf(`</${tag}>`);
    const before = index === 0 ? '' : '\n';
    if (text.slice(position, open) !== before) {
      const wanted = index === 0 ? 'nothing' : 'one line break';
      const why = `${quote(text.slice(position, open))} before <${tag}>, where ${wanted} belongs`;
      return { why, span: markAt(open, `<${tag}>`) };
    }
    if (text[open + tag.length + 2] !== '\n')
      return { why: `no line break after <${tag}>`, span: markAt(open, `<${tag}>`) };
    if (text[close - 1] !== '\n') return { why: `no line break before </${tag}>`, span: markAt(close, `</${tag}>`) };
    position = close + tag.length + '</>'.length;
  }
  if (position === text.length) return null;
  return { why: `white space after </${tags.at(-1)}>`, span: { start: position, end: text.length } };
}

function markAt(start: number, mark: string): TextSpan {
  return { start, end: start + mark.length };
}

/** The span of a text at a position, without the white space around it. */
function inside(position: number, text: string): TextSpan {
  const start = position + text.length - text.trimStart().length;
  return { start, end: start + text.trim().length };
}
