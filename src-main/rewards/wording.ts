/** How values are written in the sentences that explain a score. */

const longest = 60;

/** A text in quotes, on one line, shortened to about 60 characters. */
export function quote(text: string): string {
  const characters = Array.from(text);
  return JSON.stringify(characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text);
}

/** `a list`, `null`, …: what a column holds when it is of no use. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
