/** Reads and checks what a run needs, before an engine is started for it: the same for the command line and the window. */
import { existsSync } from 'node:fs';
import { rewardRulesOf, type RunConfig } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { readDataset } from '../../datasets/read-dataset.ts';
import { compileRules } from '../../rewards/compile-rules.ts';
import { requireRulesThatApply } from '../../rewards/rules-that-apply.ts';
import type { RunRows } from '../../runs/content-hash.ts';
import { requireModelFolder } from './model-folder.ts';

/**
 * @returns the rows the run learns from and is held to
 * @throws StudioError model_invalid, dataset_invalid or reward_invalid, naming the field, file and line at fault
 */
export async function prepareRun(run: RunConfig): Promise<RunRows> {
  const { type, config } = run;
  const rules = rewardRulesOf(run);
  (await compileRules(rules)).dispose();
  for (const [field, path] of [
    ['model', config.model],
    ['dataset', config.dataset],
    ['eval_dataset', config.eval_dataset],
  ] as const) {
    if (path !== undefined && !existsSync(path)) {
      const code = field === 'model' ? 'model_invalid' : 'dataset_invalid';
      throw new StudioError(code, `\`${field}\` is ${path}, which does not exist.`, { path, field });
    }
  }
  requireModelFolder(config.model);
  for (const rule of rules) if (rule.type === 'reward_model' && rule.enabled) requireModelFolder(rule.model);
  const trainRows = await readDataset(
    config.dataset,
    type === 'sft' ? { require: { completionColumn: config.completion_column } } : {},
  );
  const evalRows = config.eval_dataset === undefined ? [] : await readDataset(config.eval_dataset);
  if (type === 'grpo') requireRulesThatApply(rules, trainRows, config.dataset);
  return { trainRows, evalRows };
}
