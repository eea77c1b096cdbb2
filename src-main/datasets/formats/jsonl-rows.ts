/** Rows of a JSONL file: one JSON value a line. */
import { readLines } from '../json-lines.ts';
import { excerptOf, jsonComplaint, type OnRead, type RawRow } from './raw-row.ts';

export async function* readJsonlRows(path: string, onRead?: OnRead): AsyncGenerator<RawRow> {
  for await (const { number, text } of readLines(path, onRead)) {
    if (text === null) {
      yield { number, problem: 'is not valid UTF-8 text', excerpt: '' };
      continue;
    }
    if (text.trim() === '') continue;
    try {
      yield { number, value: JSON.parse(text) as unknown };
    } catch (error) {
      yield { number, problem: `is not one whole JSON value: ${jsonComplaint(error)}`, excerpt: excerptOf(text) };
    }
  }
}
