/** Takes answers apart: lists at commas and words, equations at their relation. Brackets keep together what is in them. */

const opening = new Set(['(', '[', '{']);
const closing = new Set([')', ']', '}']);

/** The parts of a text between the places outside brackets where `separator` matches; one part when there is none. */
export function splitOutside(text: string, separator: RegExp): string[] {
  const sticky = new RegExp(separator.source, 'y');
  const parts: string[] = [];
  let [depth, start, place] = [0, 0, 0];
  while (place < text.length) {
    const character = text[place];
    sticky.lastIndex = place;
    const match = depth === 0 ? sticky.exec(text) : null;
    if (match !== null && match[0] !== '') {
      parts.push(text.slice(start, place));
      place += match[0].length;
      start = place;
      continue;
    }
    if (character === '\\') place++;
    const bracket = character === '\\' ? text[place] : character;
    if (opening.has(bracket)) depth++;
    else if (closing.has(bracket)) depth = Math.max(0, depth - 1);
    place++;
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

/**
 * The members of `1, 2`, `1 and 2`, `x=1 or x=2`, `\{1, 2\}`, `[0,1] \cup [2,3]` and `\pm 2`, whose order does not count; null for
 * what is no such list.
 */
export function membersOf(text: string): string[] | null {
  const set = /^\\\{([\s\S]*)\\\}$/.exec(text);
  const inside = set === null ? text : set[1];
  const separator = /,?\s*(?<![a-zA-Z\\])(?:and|or)(?![a-zA-Z])\s*|\s*[,;]\s*|\s*\\cup(?![a-zA-Z])\s*/;
  const parts = splitOutside(inside, separator)
    .filter((part) => part !== '')
    .flatMap(bothSigns);
  if (set !== null) return [...new Set(parts)];
  return parts.length > 1 ? parts : null;
}

/** Signs that are written twice go together: the upper ones, then the lower ones. */
function bothSigns(text: string): string[] {
  if (!/\\pm(?![a-zA-Z])/.test(text)) return [text];
  const signed = (upper: string, lower: string) =>
    text.replace(/\\(pm|mp)(?![a-zA-Z])/g, (_, sign) => (sign === 'pm' ? upper : lower));
  return [signed('+', '-'), signed('-', '+')];
}

/** The interval that `x \ge 3` or `1 < x \le 2` says an unknown lies in; null for what says none. */
export function intervalOf(text: string): { unknown: string; interval: string } | null {
  const signs = /\\le(?![a-zA-Z])|\\ge(?![a-zA-Z])|<|>/;
  let sides = splitOutside(text, signs);
  let between = Array.from(text.matchAll(new RegExp(signs, 'g')), ([sign]) => sign);
  if (sides.length !== between.length + 1 || sides.includes('')) return null;
  if (between.every((sign) => sign === '>' || sign === '\\ge')) {
    sides = sides.toReversed();
    between = between.toReversed().map((sign) => (sign === '>' ? '<' : '\\le'));
  }
  if (between.some((sign) => sign !== '<' && sign !== '\\le')) return null;
  const isUnknown = (side: string) => /^(?:[a-zA-Z]|\\[a-z]+)$/.test(side);
  const [first, middle, last] = sides;
  const from = (bound: string, sign: string) => `${sign === '<' ? '(' : '['}${bound}`;
  const to = (bound: string, sign: string) => `${bound}${sign === '<' ? ')' : ']'}`;
  if (sides.length === 3 && isUnknown(middle))
    return { unknown: middle, interval: `${from(first, between[0])}, ${to(last, between[1])}` };
  if (sides.length !== 2 || isUnknown(first) === isUnknown(middle)) return null;
  return isUnknown(first)
    ? { unknown: first, interval: `(-\\infty, ${to(middle, between[0])}` }
    : { unknown: middle, interval: `${from(first, between[0])}, \\infty)` };
}

const flipped: Record<string, string> = { '<': '<', '>': '<', '\\le': '\\le', '\\ge': '\\le' };

/** A relation of two sides, the greater side second; null for what has none, or more than one. */
export function relationOf(text: string): { relation: string; sides: [string, string] } | null {
  const signs = /\\le(?![a-zA-Z])|\\ge(?![a-zA-Z])|\\ne(?![a-zA-Z])|\\in(?![a-zA-Z])|=|<|>/;
  const sides = splitOutside(text, signs);
  if (sides.length < 2 || sides.includes('')) return null;
  if (sides.length > 2) {
    // A chain of equals ends in the answer: x = 2 + 3 = 5.
    return splitOutside(text, /=/).length === sides.length ? { relation: '=', sides: [sides[0], sides.at(-1)!] } : null;
  }
  const sign = text.slice(text.indexOf(sides[0]) + sides[0].length).trim();
  const relation = signs.exec(sign)![0];
  const ordered: [string, string] =
    relation === '>' || relation === '\\ge' ? [sides[1], sides[0]] : [sides[0], sides[1]];
  return { relation: flipped[relation] ?? relation, sides: ordered };
}
