/** Finds JSON in a completion, and a value in it by a path such as `items[0].name`, with its place in the text. */
import { StudioError } from '../contract/errors.ts';
import type { Extracted } from './extracted.ts';
import type { TextSpan } from './rule.ts';

export interface FoundJson {
  value: unknown;
  span: TextSpan;
}

/** Deepest nesting of objects and lists that is read. */
const DEEPEST = 500;

/** Brackets that begin no JSON, before the search in running text is given up; it bounds the search's time. */
const FALSE_STARTS = 32;

/** The JSON that a text is, else that of its last fenced block that holds some, else the longest object or list in it; or null. */
export function findJson(text: string): FoundJson | null {
  return parseSpan(text, { start: 0, end: text.length }) ?? lastFenced(text) ?? longestInText(text);
}

function parseSpan(text: string, { start, end }: TextSpan): FoundJson | null {
  const inside = text.slice(start, end);
  const first = inside.search(/\S/);
  if (first < 0 || !'{["-0123456789tfn'.includes(inside[first]) || isTooDeep(inside)) return null;
  try {
    const value: unknown = JSON.parse(inside);
    return { value, span: { start: start + first, end: start + inside.trimEnd().length } };
  } catch {
    return null; // not JSON
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  const mark = /["[\]{}]/g;
  for (let match = mark.exec(text); match !== null && depth <= DEEPEST; match = mark.exec(text)) {
    if (match[0] === '"') mark.lastIndex = stringEnd(text, match.index);
    else depth += match[0] === '[' || match[0] === '{' ? 1 : -1;
  }
  return depth > DEEPEST;
}

function lastFenced(text: string): FoundJson | null {
  const fences = [...text.matchAll(/```[\w-]*/g)];
  for (let last = fences.length - 1, tried = 0; last > 0 && tried < FALSE_STARTS; last--, tried++) {
    const open = fences[last - 1];
    const json = parseSpan(text, { start: open.index + open[0].length, end: fences[last].index });
    if (json !== null) return json;
  }
  return null;
}

function longestInText(text: string): FoundJson | null {
  let longest: FoundJson | null = null;
  let falseStarts = 0;
  for (let start = nextBracket(text, 0); start >= 0 && falseStarts < FALSE_STARTS;) {
    const end = bracketEnd(text, start);
    const json = end === null ? null : parseSpan(text, { start, end });
    if (json === null) falseStarts++;
    else if (longest === null || end! - start > longest.span.end - longest.span.start) longest = json;
    start = nextBracket(text, json === null ? start + 1 : end!);
  }
  return longest;
}

function nextBracket(text: string, from: number): number {
  const bracket = /[[{]/g;
  bracket.lastIndex = from;
  return bracket.exec(text)?.index ?? -1;
}

/** Where the bracket that opens at `start` is closed (one past it), strings left aside; null where it is not. */
export function bracketEnd(text: string, start: number): number | null {
  const mark = /["[\]{}]/g;
  mark.lastIndex = start;
  let depth = 0;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    if (match[0] === '"') mark.lastIndex = stringEnd(text, match.index);
    else if (match[0] === '[' || match[0] === '{') depth++;
    else if (--depth === 0) return mark.lastIndex;
  }
  return null;
}

/** One past the quote that closes the string which opens at `start`; the end of the text where none does. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/**
 * Steps of a path: names divided by dots, positions in brackets (from 0; negative from the end), and quoted names in brackets:
 * `a.b[0]`, `[-1]`, `["odd key"].x`. An empty path has no steps.
 *
 * @throws StudioError reward_invalid
 */
export function parseJsonPath(path: string, field: string): (string | number)[] {
  const step = /\.?([^.[\]"]+)|\[(-?\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y;
  const steps: (string | number)[] = [];
  while (step.lastIndex < path.length) {
    const from = step.lastIndex;
    const match = step.exec(path);
    if (match === null || (match[0].startsWith('.') && from === 0)) {
      const sentence = `${field}: ${JSON.stringify(path)} is no path, at character ${from + 1}; write it like result.items[0]["odd key"].`;
      throw new StudioError('reward_invalid', sentence, { field });
    }
    if (match[1] !== undefined) steps.push(match[1]);
    else if (match[2] !== undefined) steps.push(Number(match[2]));
    else steps.push(JSON.parse(match[3]) as string);
  }
  return steps;
}

/** The value at a path, a string as it is and anything else as canonical JSON; the span is that of the value as written. */
export function jsonAt(text: string, json: FoundJson, path: readonly (string | number)[]): Extracted {
  let { value, span } = json;
  for (const [place, step] of path.entries()) {
    const inner = childAt(text, value, span.start, step);
    if (inner === null) return { missing: `no ${pathText(path.slice(0, place + 1))} in the JSON` };
    ({ value, span } = inner);
  }
  return { found: typeof value === 'string' ? value : canonical(value), span };
}

/** JSON without spaces and with sorted names, so that equal values are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  });
}

function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

function childAt(text: string, value: unknown, start: number, step: string | number): FoundJson | null {
  if (Array.isArray(value)) {
    if (typeof step === 'string') return null;
    const position = step < 0 ? value.length + step : step;
    if (!(position in value)) return null;
    return { value: value[position] as unknown, span: childSpan(text, start, (count) => count === position) };
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null;
  const name = String(step);
  return {
    value: (value as Record<string, unknown>)[name],
    span: childSpan(text, start, (_, key) => key === name), // of a name that appears twice JSON.parse keeps the last
  };
}

/** The span of the last child of the object or list at `start` that is wanted. The text is known to be JSON. */
function childSpan(text: string, start: number, wanted: (count: number, key: string | null) => boolean): TextSpan {
  const isList = text[start] === '[';
  let found: TextSpan = { start, end: start };
  let at = skipSpace(text, start + 1);
  for (let count = 0; text[at] !== ']' && text[at] !== '}'; count++) {
    let key: string | null = null;
    if (!isList) {
      const end = stringEnd(text, at);
      key = JSON.parse(text.slice(at, end)) as string;
      at = skipSpace(text, skipSpace(text, end) + 1); // the colon
    }
    const end = valueEnd(text, at);
    if (wanted(count, key)) found = { start: at, end };
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return found;
}

function skipSpace(text: string, at: number): number {
  while (/\s/.test(text[at] ?? 'x')) at++;
  return at;
}

function valueEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at);
  if (text[at] === '[' || text[at] === '{') return bracketEnd(text, at) ?? text.length;
  while (at < text.length && !/[\s,\]}]/.test(text[at])) at++;
  return at;
}
