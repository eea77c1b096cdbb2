/** What a user interface may ask the studio: one table of endpoints, and the channels it can listen to. */
import type { z } from 'zod';
import { compareInputs, type CompareOutputs } from './api/compare.ts';
import { rewardFileInputs, type RewardFileOutputs } from './api/reward-files.ts';
import { rewardInputs, type RewardOutputs } from './api/rewards.ts';
import { datasetInputs, type DatasetOutputs } from './api/datasets.ts';
import { runInputs, type RunOutputs } from './api/runs.ts';
import type { JobChange } from './api/jobs.ts';
import { jobInputs, type JobOutputs } from './api/jobs.ts';
import { modelInputs, type ModelOutputs } from './api/models.ts';
import { playgroundInputs, type PlaygroundActivity, type PlaygroundOutputs } from './api/playground.ts';
import type { RunActivity } from './api/runs.ts';
import { sampleInputs, type SampleOutputs } from './api/samples.ts';
import { settingsInputs, type SettingsOutputs } from './api/settings.ts';

/** Each endpoint's input, checked by the host before the call. */
export const endpointInputs = {
  ...runInputs,
  ...datasetInputs,
  ...rewardInputs,
  ...rewardFileInputs,
  ...compareInputs,
  ...jobInputs,
  ...modelInputs,
  ...sampleInputs,
  ...playgroundInputs,
  ...settingsInputs,
} as const;

export interface EndpointOutputs
  extends
    RunOutputs,
    DatasetOutputs,
    RewardOutputs,
    RewardFileOutputs,
    CompareOutputs,
    JobOutputs,
    SampleOutputs,
    PlaygroundOutputs,
    SettingsOutputs,
    ModelOutputs {}

export type EndpointName = keyof typeof endpointInputs;

/** What a caller passes: fields with a default may be left out. */
export type EndpointInput<E extends EndpointName> = z.input<(typeof endpointInputs)[E]>;

/** What the studio gets, defaults filled in. */
export type CheckedInput<E extends EndpointName> = z.output<(typeof endpointInputs)[E]>;

/** Some endpoints as the studio implements them: one that is left out does not compile. Thrown `StudioError`s reach the caller as records. */
export type Endpoints<E extends EndpointName> = {
  [Name in E]: (
    input: CheckedInput<Name>,
    /** Aborted when the caller gives up. */
    signal: AbortSignal,
  ) => EndpointOutputs[Name] | Promise<EndpointOutputs[Name]>;
};

/** The whole studio. */
export type StudioApi = Endpoints<EndpointName>;

/** What each channel carries; numbered, batched and resumed after a reconnect by the rpc room. */
export interface ChannelEvents {
  /** What runs are doing, as it is recorded. */
  runs: RunActivity;
  /** Long work that is no run: imports, downloads, exports. */
  jobs: JobChange;
  /** What the playground's policies answer, as they write it. */
  playground: PlaygroundActivity;
}

export type ChannelName = keyof ChannelEvents;
