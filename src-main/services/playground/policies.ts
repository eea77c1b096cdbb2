/** The policies that can be tried: models, and what runs have made of them. */
import type { PolicyChoice, PolicyList, RunPrompt } from '../../contract/api/playground.ts';
import { StudioError } from '../../contract/errors.ts';
import { readDataset } from '../../datasets/read-dataset.ts';
import { listCheckpoints } from '../../runs/checkpoints.ts';
import type { RunManager } from '../../runs/run-manager.ts';
import type { Store, StoreReader } from '../../store/interfaces.ts';
import { bundled } from '../bundled.ts';
import type { ModelLibrary } from '../models/library.ts';
import { requireModelFolder } from '../runs/model-folder.ts';

/** Where policies are found. */
export interface PolicySources {
  store: Store;
  runs: RunManager;
  models: ModelLibrary;
}

export async function listPolicies({ store: { reader }, runs, models }: PolicySources): Promise<PolicyList> {
  const trained = reader.listRuns().filter(({ type }) => type !== 'reward_model'); // which scores and does not write
  return {
    models: [...bundled.models, ...(await models.places())],
    runs: trained.flatMap(({ id, name, status }) => {
      const { directory, run } = reader.getRun(id);
      const steps = listCheckpoints(directory).map(({ step }) => step);
      return steps.length === 0 ? [] : [{ id, name, status, model: run.config.model, steps }];
    }),
    liveRuns: runs.live().map((id) => reader.getRun(id).name),
  };
}

/** @throws StudioError model_invalid, run_not_found, checkpoint_invalid */
export async function policyFolder(
  { store: { reader }, models }: PolicySources,
  choice: PolicyChoice,
): Promise<string> {
  if (choice.kind === 'checkpoint') return checkpointFolder(reader, choice.run, choice.step);
  const own = bundled.models.find(({ name }) => name === choice.model);
  const folder = own?.path ?? (await models.folderOf(choice.model));
  requireModelFolder(folder);
  return folder;
}

function checkpointFolder(reader: StoreReader, id: string, step: number | null): string {
  const run = reader.getRun(id);
  const checkpoints = listCheckpoints(run.directory);
  if (run.type === 'reward_model')
    throw new StudioError('model_unsupported', `Run ${run.name} trains a reward model: it scores and cannot write.`);
  const found = step === null ? checkpoints.at(-1) : checkpoints.find((checkpoint) => checkpoint.step === step);
  if (found !== undefined) return found.path;
  const kept = checkpoints.map((checkpoint) => checkpoint.step).join(', ');
  const sentence =
    kept === ''
      ? `Run ${run.name} has no checkpoint yet.`
      : `Run ${run.name} has no checkpoint of step ${step} any more; it has ${kept}.`;
  throw new StudioError('checkpoint_invalid', sentence, { path: run.directory });
}

/** @throws StudioError run_not_found, dataset_invalid; config_invalid when there is no such row */
export async function readRunPrompt(reader: StoreReader, id: string, row: number): Promise<RunPrompt> {
  const { run } = reader.getRun(id);
  const rows = await readDataset(run.config.dataset);
  if (row < rows.length) return { prompt: rows[row].prompt, columns: rows[row].columns, rows: rows.length };
  const sentence = `There is no row ${row}: the dataset has ${rows.length} rows, counted from 0.`;
  throw new StudioError('config_invalid', sentence, { path: run.config.dataset, field: 'row' });
}
