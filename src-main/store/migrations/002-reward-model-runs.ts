/**
 * Runs may train a reward model. SQLite cannot change a CHECK, and rebuilding `runs` would delete all that refers to it, so the
 * column is made anew in its place.
 */
export const rewardModelRuns = `
ALTER TABLE runs RENAME COLUMN type TO old_type;
ALTER TABLE runs ADD COLUMN type TEXT NOT NULL DEFAULT 'grpo' CHECK (type IN ('grpo', 'sft', 'reward_model'));
UPDATE runs SET type = old_type;
ALTER TABLE runs DROP COLUMN old_type;
`;
