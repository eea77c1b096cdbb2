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
 * The members of `1, 2`, `1 and 2`, `x=1 or x=2`, `\{1, 2\}` and `\pm 2`, whose order does not count; null for what is no such list.
 */
export function membersOf(text: string): string[] | null {
  const set = /^\\\{([\s\S]*)\\\}$/.exec(text);
  const inside = set === null ? text : set[1];
  const parts = splitOutside(inside, /,?\s*(?<![a-zA-Z\\])(?:and|or)(?![a-zA-Z])\s*|\s*[,;]\s*/)
    .filter((part) => part !== '')
    .flatMap(bothSigns);
  return set !== null || parts.length > 1 ? parts : null;
}

function bothSigns(text: string): string[] {
  const parts = splitOutside(text, /\\pm(?![a-zA-Z])/);
  return parts.length === 2
    ? [`${parts[0]} + ${parts[1]}`, `${parts[0]} - ${parts[1]}`].map((part) => part.trim())
    : [text];
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
