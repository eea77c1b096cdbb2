/** Datasets that were imported. Their rows are files, which runs read; here stands what they are. */
export const datasets = `
CREATE TABLE datasets (
  id           TEXT PRIMARY KEY,             -- made of the name and four random digits: gsm8k-7f3a
  name         TEXT NOT NULL,                -- need not be unique
  source       TEXT NOT NULL,                -- name of the file it was made of
  directory    TEXT NOT NULL,                -- folder with train.jsonl and, where rows are held out, eval.jsonl
  content_hash TEXT NOT NULL,                -- SHA-256 of both files' hashes
  rows         INTEGER NOT NULL,             -- to train on
  eval_rows    INTEGER NOT NULL,             -- held out
  bytes        INTEGER NOT NULL,             -- of both files
  columns      TEXT NOT NULL,                -- JSON: names of the columns besides the prompt
  mapping      TEXT NOT NULL,                -- JSON: what became of the source's columns
  options      TEXT NOT NULL,                -- JSON: duplicates, faults, split
  report       TEXT NOT NULL,                -- JSON: rows read, taken, repeated and faulty, the first faults
  created_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
