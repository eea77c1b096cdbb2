/** The completions of a run as the bench scores them: read step by step, with the rows they answer. */
import type { DatasetRow } from '../../../contract/dataset.ts';
import { StudioError } from '../../../contract/errors.ts';
import type { RewardRule } from '../../../contract/reward-rules.ts';
import { readDataset } from '../../../datasets/read-dataset.ts';
import { hashContent } from '../../../runs/content-hash.ts';
import type { StoredCompletion, StoredRun, StoreReader } from '../../../store/interfaces.ts';
import type { AdvantageSettings } from './advantages.ts';
import type { PlacedScoredGroup } from './bench.ts';

export interface StoredScoredGroup extends PlacedScoredGroup {
  step: number;
  completions: StoredCompletion[];
}

export interface RunSource {
  run: StoredRun;
  /** The rules it was trained with. */
  rules: RewardRule[];
  advantages: AdvantageSettings;
  /** The steps that are read, in order. */
  steps: number[];
  notes: string[];
  /** The groups of a step. */
  groupsOf(step: number): StoredScoredGroup[];
}

export interface RunChoice {
  /** Steps to read; all of them when left out. */
  steps?: readonly number[] | undefined;
  /** Largest number of steps, evenly spread over those chosen. */
  limit?: number | undefined;
  /** The run's dataset where it lies now; else where the run found it. */
  dataset?: string | undefined;
}

/**
 * @param idOrName as `StoreReader.resolveRun` takes it
 * @throws StudioError run_not_found; run_state when it has no completions of its own, or not that step; dataset_invalid when its
 *   dataset is gone or has changed
 */
export async function openRunSource(reader: StoreReader, idOrName: string, choice: RunChoice): Promise<RunSource> {
  const run = reader.resolveRun(idOrName);
  if (run.run.type !== 'grpo')
    throw new StudioError('run_state', `Run ${run.id} is a ${run.run.type} run: it sampled no completions to score.`);
  const { config } = run.run;
  const rows = await rowsOf(run, choice.dataset ?? config.dataset);
  const steps = spread(chosenSteps(reader, run, choice.steps), choice.limit);
  const notes: string[] = [];
  if (choice.limit !== undefined && steps.length === choice.limit)
    notes.push(`At most ${choice.limit} steps were scored, evenly spread over the run.`);
  if (config.process_supervision !== undefined)
    notes.push('The run rewards reasoning steps; here whole completions are scored, and advantages follow from those.');
  if (config.kl_in_reward)
    notes.push('The run takes the KL from the reward; advantages here are of the rewards alone.');
  return {
    run,
    rules: reader.readRewardSet(run.rewardHash) ?? config.rewards,
    advantages: config,
    steps,
    notes,
    groupsOf: (step) =>
      reader.listGroups(run.id, step).map((group) => ({
        step,
        hasRow: true,
        prompt: group.prompt,
        row: rows[group.row],
        completions: reader.listCompletions(group.id),
      })),
  };
}

async function rowsOf(run: StoredRun, path: string): Promise<DatasetRow[]> {
  const trainRows = await readDataset(path);
  if (hashContent(run.run, { trainRows, evalRows: [] }).datasetHash === run.datasetHash) return trainRows;
  const sentence = `${path} is not the dataset that run ${run.id} learned from, or has changed since: its answers would not belong to the run's completions. Name the right file.`;
  throw new StudioError('dataset_invalid', sentence, { path });
}

function chosenSteps(reader: StoreReader, run: StoredRun, chosen: readonly number[] | undefined): number[] {
  const recorded = Array.from({ length: run.step }, (_, index) => index + 1);
  const all = recorded.filter((step) => reader.listGroups(run.id, step).length > 0);
  if (all.length === 0) throw new StudioError('run_state', `Run ${run.id} has recorded no completions yet.`);
  const missing = chosen?.find((step) => !all.includes(step));
  if (missing !== undefined) {
    const sentence = `Run ${run.id} has no step ${missing}: they end at ${all[all.length - 1]}.`;
    throw new StudioError('config_invalid', sentence, { field: 'step' });
  }
  return chosen === undefined ? all : [...new Set(chosen)].sort((a, b) => a - b);
}

function spread(steps: readonly number[], limit = Infinity): number[] {
  if (steps.length <= limit) return [...steps];
  if (limit === 1) return [steps[steps.length - 1]];
  return Array.from({ length: limit }, (_, index) => steps[Math.round((index * (steps.length - 1)) / (limit - 1))]);
}
