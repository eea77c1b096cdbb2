/** Jobs, as the interfaces ask for them. */
import type { Endpoints } from '../contract/api.ts';
import type { JobOutputs } from '../contract/api/jobs.ts';
import type { StudioContext } from './studio-context.ts';

export function jobEndpoints({ jobs }: StudioContext): Endpoints<keyof JobOutputs> {
  return {
    'list-jobs': () => jobs.list(),
    'cancel-job': ({ job }) => {
      jobs.cancel(job);
      return null;
    },
  };
}
