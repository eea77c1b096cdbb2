/**
 * Finding samples: words of completions in a full-text index, what lists are filtered and ordered by in covering indexes (a completion's
 * own row holds kilobytes of token values), and bookmarks. The full-text index keeps no copy of the text.
 */
export const samples = `
CREATE VIRTUAL TABLE completion_words USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER completion_words_added AFTER INSERT ON completions BEGIN
  INSERT INTO completion_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER completion_words_deleted AFTER DELETE ON completions BEGIN
  DELETE FROM completion_words WHERE rowid = old.id;
END;
INSERT INTO completion_words (rowid, text) SELECT id, text FROM completions;

CREATE INDEX completions_in_figures ON completions (group_id, reward, advantage, finish_reason, length(tokens));
CREATE INDEX groups_by_prompt ON groups (run_id, dataset_row, step);

CREATE TABLE bookmarks (
  completion_id INTEGER PRIMARY KEY REFERENCES completions (id) ON DELETE CASCADE,
  note          TEXT NOT NULL,               -- a person's words; may be empty
  created_at    TEXT NOT NULL
) STRICT;
`;
