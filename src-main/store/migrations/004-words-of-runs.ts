/**
 * The word index anew: each word has its run's id before it (`words_of_run`, see run-words.ts), and the writer adds the words of a whole
 * step at once. A search took longer the more completions other runs had, and words added row by row cost most of a step's writing.
 */
export const wordsOfRuns = `
DROP TRIGGER completion_words_added;
DROP TABLE completion_words;
CREATE VIRTUAL TABLE completion_words USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO completion_words (rowid, text)
  SELECT completions.id, words_of_run(run_id, text) FROM completions JOIN groups ON groups.id = group_id ORDER BY completions.id;
`;
