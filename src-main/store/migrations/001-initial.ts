/**
 * The first schema: runs and everything they did. The comments stand inside the statements because SQLite keeps them: `.schema` in
 * the sqlite3 shell prints this documentation.
 *
 * Metrics lie in a long table, one row per value, not in a JSON column: names hold slashes (`rewards/exact/mean`), which make JSON
 * paths hard to write, while `WHERE name = 'kl'` is plain SQL, is indexed, and plots or joins as it is. At some thirty metrics a step
 * the rows are few beside the completions.
 */
export const initial = `
CREATE TABLE reward_sets (
  hash       TEXT PRIMARY KEY,               -- SHA-256 of rules
  rules      TEXT NOT NULL,                  -- JSON with sorted keys: the reward rules, in order
  created_at TEXT NOT NULL                   -- ISO 8601, UTC, as every time in this database
) STRICT, WITHOUT ROWID;

CREATE TABLE reward_set_versions (
  name     TEXT NOT NULL,
  version  INTEGER NOT NULL,                 -- 1-based, within the name
  hash     TEXT NOT NULL REFERENCES reward_sets (hash),
  saved_at TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id                TEXT PRIMARY KEY,        -- when it was created (UTC) and four random digits: 20261122-1748-7f3a
  name              TEXT NOT NULL,           -- need not be unique
  type              TEXT NOT NULL CHECK (type IN ('grpo', 'sft', 'reward_model')),
  status            TEXT NOT NULL CHECK (status IN ('created', 'running', 'paused', 'completed', 'stopped', 'failed', 'interrupted')),
  config            TEXT NOT NULL,           -- JSON: the whole validated configuration
  max_steps         INTEGER NOT NULL,        -- from the configuration
  dataset_hash      TEXT NOT NULL,           -- SHA-256 of the training rows
  eval_dataset_hash TEXT,                    -- SHA-256 of the held-out rows; NULL without an evaluation dataset
  reward_hash       TEXT NOT NULL REFERENCES reward_sets (hash), -- the rules it was created with; no rules are a set too
  directory         TEXT NOT NULL,           -- folder of the run, with its checkpoints
  created_at        TEXT NOT NULL,           
  started_at        TEXT,                    -- first start; NULL before it
  ended_at          TEXT,                    -- last end; NULL while it can go on; interrupted: when its last step was recorded
  engine            TEXT,                    -- JSON: backend, device, parameters, configHash; NULL until the engine has started
  error             TEXT,                    -- JSON: code, message and place of the failure; NULL unless failed
  host_pid          INTEGER                  -- process that drives the run; NULL unless running or paused
) STRICT;
CREATE INDEX runs_by_name ON runs (name);

CREATE TABLE steps (
  run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step        INTEGER NOT NULL,              -- 1-based
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  run_id TEXT NOT NULL,
  step   INTEGER NOT NULL,
  name   TEXT NOT NULL,                      -- reward, kl, completions/mean_length, rewards/<rule>/mean, ...
  value  REAL NOT NULL,                      -- finite
  PRIMARY KEY (run_id, step, name),
  FOREIGN KEY (run_id, step) REFERENCES steps (run_id, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX metrics_by_name ON metrics (run_id, name, step, value);

CREATE TABLE groups (
  id            INTEGER PRIMARY KEY,
  run_id        TEXT NOT NULL,
  step          INTEGER NOT NULL,
  position      INTEGER NOT NULL,            -- 0-based, within the step
  dataset_row   INTEGER NOT NULL,            -- 0-based row of the training dataset
  prompt        TEXT NOT NULL,               -- as the model saw it, chat template applied
  prompt_tokens BLOB NOT NULL,               -- int32, little-endian
  UNIQUE (run_id, step, position),
  FOREIGN KEY (run_id, step) REFERENCES steps (run_id, step) ON DELETE CASCADE
) STRICT;

CREATE TABLE completions (
  id              INTEGER PRIMARY KEY,
  group_id        INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  position        INTEGER NOT NULL,          -- 0-based, within the group
  text            TEXT NOT NULL,
  finish_reason   TEXT NOT NULL CHECK (finish_reason IN ('eos', 'stop', 'length')),
  reward          REAL,                      -- weighted sum of the rules that apply; NULL when none does
  advantage       REAL NOT NULL,             -- the reward, normalised within the group
  tokens          BLOB NOT NULL,             -- int32, little-endian; the end token included
  sampling_logps  BLOB NOT NULL,             -- float32, little-endian, one per token, as the next five: log-prob when sampled
  old_logps       BLOB NOT NULL,             -- under the policy before this step's updates
  reference_logps BLOB,                      -- under the reference policy; NULL when beta is 0
  policy_logps    BLOB NOT NULL,             -- in the forward pass of the last update
  entropies       BLOB NOT NULL,             -- of the policy's distribution, in nats
  coefficients    BLOB NOT NULL,             -- gradient coefficients at the last update, A + beta (pi_ref / pi - 1) on-policy; 0: took no part
  UNIQUE (group_id, position)
) STRICT;

CREATE TABLE rule_scores (
  completion_id INTEGER NOT NULL REFERENCES completions (id) ON DELETE CASCADE,
  position      INTEGER NOT NULL,            -- 0-based place of the rule in the configuration
  rule          TEXT NOT NULL,
  score         REAL,                        -- before its weight; NULL: the rule does not apply to this row, or failed
  why           TEXT NOT NULL,               -- one sentence
  spans         TEXT,                        -- JSON: [{start, end}], the parts of the text that decided it; NULL where none did
  PRIMARY KEY (completion_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluations (
  id          INTEGER PRIMARY KEY,
  run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step        INTEGER NOT NULL,              -- steps taken when it was made; 0 is before training
  recorded_at TEXT NOT NULL,
  UNIQUE (run_id, step)
) STRICT;

CREATE TABLE evaluation_metrics (
  evaluation_id INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  name          TEXT NOT NULL,               -- accuracy, reward, rewards/<rule>/mean, ...
  value         REAL NOT NULL,
  PRIMARY KEY (evaluation_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation_samples (
  id            INTEGER PRIMARY KEY,
  evaluation_id INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  position      INTEGER NOT NULL,            -- 0-based, within the evaluation
  dataset_row   INTEGER NOT NULL,            -- 0-based row of the evaluation dataset
  prompt        TEXT NOT NULL,
  text          TEXT NOT NULL,               -- the greedy completion
  finish_reason TEXT NOT NULL CHECK (finish_reason IN ('eos', 'stop', 'length')),
  reward        REAL,
  tokens        BLOB NOT NULL,               -- int32, little-endian
  UNIQUE (evaluation_id, position)
) STRICT;

CREATE TABLE evaluation_scores (
  sample_id INTEGER NOT NULL REFERENCES evaluation_samples (id) ON DELETE CASCADE,
  position  INTEGER NOT NULL,                -- 0-based place of the rule in the configuration
  rule      TEXT NOT NULL,
  score     REAL,                            -- before its weight; NULL: the rule does not apply to this row, or failed
  why       TEXT NOT NULL,
  spans     TEXT,                            -- as in rule_scores
  PRIMARY KEY (sample_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL,              -- 1-based, within the run
  recorded_at TEXT NOT NULL,
  step        INTEGER NOT NULL,              -- steps taken when it happened
  type        TEXT NOT NULL,                 -- created, started, paused, resumed, rewound, checkpoint, warning, or how the run ended
  message     TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step        INTEGER NOT NULL,
  recorded_at TEXT NOT NULL,
  path        TEXT NOT NULL,                 -- a folder; only the newest save_total_limit of a run are kept on disk
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;

-- What each rule said of each completion. The best of step 20 and why:
--   SELECT advantage, completion, rule, score, why FROM completion_scores
--   WHERE run_id = '20261122-1748-7f3a' AND step = 20 ORDER BY advantage DESC, completion_id, rule_position LIMIT 12;
CREATE VIEW completion_scores AS
SELECT runs.id AS run_id, runs.name AS run_name, groups.step, groups.position AS group_position, groups.dataset_row, groups.prompt,
       completions.id AS completion_id, completions.position AS completion_position, completions.text AS completion,
       completions.finish_reason, completions.reward, completions.advantage,
       rule_scores.position AS rule_position, rule_scores.rule, rule_scores.score, rule_scores.why, rule_scores.spans
FROM rule_scores
JOIN completions ON completions.id = rule_scores.completion_id
JOIN groups ON groups.id = completions.group_id
JOIN runs ON runs.id = groups.run_id;
`;
