/** What a user interface may ask the studio: one table of endpoints. A host that leaves one out does not compile. */
import { z } from 'zod';
import type { ErrorRecord } from './errors.ts';
import type { RunSummary } from './run.ts';

/** Each endpoint's input, checked by the host before the call. */
export const endpointInputs = {
  'list-runs': z.null(),
} as const;

export type EndpointName = keyof typeof endpointInputs;

export type EndpointInput<E extends EndpointName> = z.infer<(typeof endpointInputs)[E]>;

export interface EndpointOutputs {
  /** Every run of the database, the newest first. */
  'list-runs': RunSummary[];
}

/** The studio as a host implements it. Thrown `StudioError`s reach the caller as records. */
export type StudioApi = {
  [E in EndpointName]: (input: EndpointInput<E>) => EndpointOutputs[E] | Promise<EndpointOutputs[E]>;
};

/** What crosses the border in answer to a call. Errors travel as values, because a rejected call keeps only its message. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: ErrorRecord };

/** What a host puts on the renderer's `window` as `studioHost`: the transport and nothing else. */
export interface StudioHost {
  call(endpoint: string, input: unknown): Promise<unknown>;
}

/** Electron's IPC channel of all calls. */
export const callChannel = 'studio:call';
