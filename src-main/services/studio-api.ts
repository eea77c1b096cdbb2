/** The contract implemented: every endpoint, from the services of each kind of thing. */
import type { StudioApi } from '../contract/api.ts';
import { compareEndpoints } from './compare/compare-endpoints.ts';
import { datasetEndpoints } from './datasets/dataset-endpoints.ts';
import { jobEndpoints } from './job-endpoints.ts';
import { modelEndpoints } from './models/model-endpoints.ts';
import { playgroundEndpoints } from './playground/playground-endpoints.ts';
import { rewardFileEndpoints } from './rewards/reward-file-endpoints.ts';
import { rewardEndpoints } from './rewards/reward-endpoints.ts';
import { runEndpoints } from './runs/run-endpoints.ts';
import { sampleEndpoints } from './samples/sample-endpoints.ts';
import { settingsEndpoints } from './settings/settings-endpoints.ts';
import type { StudioContext } from './studio-context.ts';

export function createStudioApi(context: StudioContext): StudioApi {
  return {
    ...runEndpoints(context),
    ...rewardEndpoints(context),
    ...rewardFileEndpoints(),
    ...compareEndpoints(context),
    ...datasetEndpoints(context),
    ...jobEndpoints(context),
    ...modelEndpoints(context),
    ...sampleEndpoints(context),
    ...playgroundEndpoints(context),
    ...settingsEndpoints(context),
  };
}
