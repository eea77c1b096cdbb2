/** How values are written in the sentences that explain a score. */

const longest = 60;

/** A text in quotes, on one line, shortened to about 60 characters. */
export function quote(text: string): string {
  const characters = Array.from(text.slice(0, 2 * longest + 2)); // a character is at most two UTF-16 units
  return JSON.stringify(characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text);
}

/** `a list`, `null`, …: what a column holds when it is of no use. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a${typeof value === 'object' ? 'n' : ''} ${typeof value}`;
}

/** `1 token`, `2 tokens`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A number for reading: at most 6 digits after the point. */
export function short(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}
