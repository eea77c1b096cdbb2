/** Finds rows of a dataset's file by a text in them. */
import { readLines } from './json-lines.ts';

/**
 * @param text in any case; looked for in the prompt and in every column, but not in their names
 * @returns 0-based numbers of the rows, ascending
 */
export async function searchRows(path: string, text: string): Promise<Uint32Array> {
  const wanted = text.toLowerCase();
  // A line is JSON: what JSON escapes is escaped in it, so the quick look misses nothing.
  const escaped = JSON.stringify(wanted).slice(1, -1);
  const found: number[] = [];
  for await (const { number, text: line } of readLines(path)) {
    if (line?.toLowerCase().includes(escaped) && holds(JSON.parse(line), wanted)) found.push(number - 1);
  }
  return Uint32Array.from(found);
}

function holds(value: unknown, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((part) => holds(part, wanted));
  if (typeof value === 'object' && value !== null) return Object.values(value).some((part) => holds(part, wanted));
  if (typeof value === 'string') return value.toLowerCase().includes(wanted);
  return value !== null && JSON.stringify(value).includes(wanted);
}
