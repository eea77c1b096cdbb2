/**
 * What the word index holds of a completion: each word with its run's id before it. A search then reads the words of its run alone, however
 * many completions the database has, also where only the beginning of a word is known.
 */
import type { Database } from 'better-sqlite3';

/** Letters, digits, marks and private-use characters: what the index makes words of. */
const WORD = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;

/** @returns the text with the run's id before every word; in a search and in the index alike */
export function wordsOfRun(runId: string, text: string): string {
  const key = runId.replace(/[^\p{L}\p{N}]/gu, '');
  return text.replace(WORD, (word) => key + word);
}

/** Makes `wordsOfRun` known to SQL as `words_of_run`. */
export function addWordsOfRun(database: Database): void {
  database.function('words_of_run', { deterministic: true }, wordsOfRun as (...parameters: unknown[]) => string);
}
