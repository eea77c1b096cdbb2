/** Writes the perfect completion of a row: what a rule set should give its maximum. */
import type { DatasetRow } from '../../../contract/dataset.ts';
import type { RewardRule } from '../../../contract/reward-rules.ts';
import { rightAnswer } from './right-answer.ts';
import { someReasoning, writeAnswer } from './write-answer.ts';

export type GoldCompletion = { text: string } | { missing: string };

/** A right answer as some rule wants it. */
interface Part {
  text: string;
  /** The tag around it, where the rule looks into one. */
  tag: string | null;
}

/**
 * The row's column `completion` where it has one. Else the right answer of each rule, written as the rule's extraction wants it (in
 * tags, boxed, after a marker, …), inside the tags that the rules about form ask for. Else the row's column `solution`.
 */
export function goldCompletion(rules: readonly RewardRule[], row: DatasetRow): GoldCompletion {
  const { completion, solution } = row.columns;
  if (typeof completion === 'string') return { text: completion };
  const enabled = rules.filter((rule) => rule.enabled);
  const parts: Part[] = [];
  for (const rule of enabled) {
    const part = partOf(rule, row);
    if (part === null) continue;
    if ('missing' in part) return typeof solution === 'string' ? { text: solution } : part;
    parts.push(part);
  }
  return { text: arrange(parts, enabled) };
}

function partOf(rule: RewardRule, row: DatasetRow): Part | { missing: string } | null {
  const right = rightAnswer(rule, row);
  if (right === null) return null;
  if ('missing' in right) return { missing: `${rule.name}: ${right.missing}` };
  const { extract } = right;
  const outer = extract.type === 'chain' ? extract.steps[0] : extract;
  const inner = extract.type === 'chain' ? { ...extract, steps: extract.steps.slice(1) } : null;
  if (outer.type === 'tag') {
    const text = inner === null || inner.steps.length === 0 ? right.text : writeAnswer(inner, right.text);
    if (text !== null) return { text, tag: outer.tag };
  }
  const text = writeAnswer(extract, right.text);
  if (text === null) return { missing: `${rule.name}: no text is known from which its extraction takes the answer` };
  return { text, tag: null };
}

function arrange(parts: readonly Part[], rules: readonly RewardRule[]): string {
  const tags = formOf(rules);
  const line = wantsLines(rules) ? '\n' : '';
  const wrap = (tag: string, text: string) => `<${tag}>${line}${text}${line}</${tag}>`;
  const tagged = (tag: string) => unique(parts.filter((part) => part.tag === tag).map(({ text }) => text));
  const loose = unique(parts.filter(({ tag }) => tag === null).map(({ text }) => text));
  const strayTags = unique(parts.flatMap(({ tag }) => (tag === null || tags.includes(tag) ? [] : [tag])));
  const strays = strayTags.map((tag) => wrap(tag, tagged(tag).join('\n')));
  const wanted = unique(rules.flatMap((rule) => (rule.type === 'contains' ? rule.texts : [])));
  const missing = (text: string) => wanted.filter((one) => !/[<>]/.test(one) && !text.includes(one));
  if (tags.length === 0) {
    const text = [...strays, ...loose].join('\n');
    return [...missing(text), text].join('\n') || someReasoning;
  }
  const last = tags[tags.length - 1];
  const isReasoning = last === 'think';
  const own = tagged(last);
  const answer = own.length > 0 || isReasoning ? own : [...strays, ...loose];
  const aside = own.length > 0 ? [...strays, ...loose] : [];
  const sections = tags.map((tag, place) => {
    const reasoning = [...missing(parts.map(({ text }) => text).join('\n')), ...aside].join('\n') || someReasoning;
    if (tag === last && !isReasoning) return wrap(tag, answer.join('\n') || someReasoning);
    return wrap(tag, tagged(tag).join('\n') || (place === 0 ? reasoning : someReasoning));
  });
  return [...sections, ...(isReasoning ? [...strays, ...loose] : [])].join('\n');
}

/** The tags that the rules about form want, in order. */
function formOf(rules: readonly RewardRule[]): string[] {
  const format = rules.find((rule) => rule.type === 'format');
  if (format !== undefined) return format.tags;
  const named = rules.flatMap((rule) => {
    if (rule.type === 'think_format') return ['think'];
    const texts = rule.type === 'tag_count' || rule.type === 'contains' ? rule.texts : [];
    const patterns = rule.type === 'regex' ? [rule.pattern] : [];
    return [...texts, ...patterns].flatMap((text) => [...text.matchAll(/<(\w[\w-]*)>/g)].map(([, tag]) => tag));
  });
  return unique(named);
}

/** Whether some rule wants the tags on lines of their own. */
function wantsLines(rules: readonly RewardRule[]): boolean {
  return rules.some((rule) => {
    if (rule.type === 'format') return rule.newlines === 'strict';
    if (rule.type === 'tag_count') return rule.texts.some((text) => text.includes('>\n'));
    return rule.type === 'regex' && rule.pattern.includes('>\\n');
  });
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
