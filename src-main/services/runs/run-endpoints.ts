/** Runs, as the interfaces ask for them. */
import type { Endpoints } from '../../contract/api.ts';
import type { RunOutputs } from '../../contract/api/runs.ts';
import type { StudioContext } from '../studio-context.ts';
import { beginEndpoints } from './begin-endpoints.ts';
import { readEndpoints } from './read-endpoints.ts';

export function runEndpoints(context: StudioContext): Endpoints<keyof RunOutputs> {
  return { ...readEndpoints(context), ...beginEndpoints(context) };
}
