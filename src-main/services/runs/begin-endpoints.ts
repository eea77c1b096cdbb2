/** What the interfaces do to runs: check, begin, steer, resume, rename and delete them. */
import type { Endpoints } from '../../contract/api.ts';
import type { RunOutputs } from '../../contract/api/runs.ts';
import type { RunConfig } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { rewardPresets } from '../../rewards/presets.ts';
import { bundled } from '../bundled.ts';
import { readRunConfig } from '../config/config-file.ts';
import { openDatasetLibrary } from '../datasets/dataset-library.ts';
import { requireRunMemory } from '../models/run-memory.ts';
import type { StudioContext } from '../studio-context.ts';
import { checkRun } from './check-run.ts';
import { prepareRun } from './prepare-run.ts';
import { fromYaml, toYaml } from './run-yaml.ts';

type BeginName =
  | 'new-run-choices'
  | 'check-run'
  | 'begin-run'
  | 'begin-demo'
  | 'resume-run'
  | 'steer-run'
  | 'rename-run'
  | 'delete-run'
  | 'run-to-yaml'
  | 'yaml-to-run';

export function beginEndpoints(context: StudioContext): Endpoints<BeginName & keyof RunOutputs> {
  const { store, runs, models } = context;
  const datasets = openDatasetLibrary(context);

  async function begin(run: RunConfig, ignoreMemory = false): Promise<string> {
    const rows = await prepareRun(run);
    if (!ignoreMemory) await requireRunMemory(models, run, rows.trainRows);
    const { id } = runs.createRun(run, rows);
    runs.start(id, rows);
    return id;
  }

  return {
    'new-run-choices': async () => ({
      models: [...bundled.models, ...(await models.places())],
      datasets: [
        ...bundled.datasets,
        ...datasets.list().map(({ name, trainPath, evalPath }) => ({ name, path: trainPath, evalPath })),
      ],
      rewardPresets: Object.entries(rewardPresets).map(([name, { description, rules }]) => ({
        name,
        description,
        rules,
      })),
      rewardSets: store.reader
        .listRewardSets()
        .map(({ name, version, hash }) => ({ name, version, rules: store.reader.readRewardSet(hash) ?? [] })),
      liveRuns: runs.live().map((id) => store.reader.getRun(id).name),
    }),
    'check-run': async ({ type, values }) => {
      const { problems, config, fromPreset } = await checkRun(type, values, await models.places());
      return { problems, config, fromPreset };
    },
    'begin-run': async ({ type, values, ignoreMemory }) => {
      const { run, problems } = await checkRun(type, values, await models.places());
      if (run !== null) return begin(run, ignoreMemory);
      const [{ message, field }] = problems;
      throw new StudioError('config_invalid', message, { field });
    },
    'begin-demo': async ({ max_steps }) => {
      const overrides = max_steps === undefined ? [] : [{ path: ['max_steps'], value: max_steps, origin: 'max_steps' }];
      return begin(await readRunConfig('grpo', { file: bundled.demoConfig, overrides }));
    },
    'resume-run': async ({ run, ignoreMemory }) => {
      const { status, run: config } = store.reader.getRun(run);
      const rows = await prepareRun(config);
      if (!ignoreMemory) await requireRunMemory(models, config, rows.trainRows);
      if (status !== 'created') return runs.resume(run, rows);
      runs.start(run, rows);
      return 0;
    },
    'steer-run': ({ run, action }) => {
      runs[action](run);
      return null;
    },
    'rename-run': ({ run, name }) => {
      store.writer.renameRun(store.reader.getRun(run).id, name);
      return null;
    },
    'delete-run': ({ run }) => {
      runs.delete(run);
      return null;
    },
    'run-to-yaml': ({ type, values }) => toYaml(type, values),
    'yaml-to-run': async ({ type, text }) => fromYaml(type, text, await models.places()),
  };
}
