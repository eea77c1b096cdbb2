/** The playground, as the interfaces ask for it. */
import type { Endpoints } from '../../contract/api.ts';
import type { PlaygroundOutputs } from '../../contract/api/playground.ts';
import type { StudioContext } from '../studio-context.ts';
import { listPolicies, readRunPrompt } from './policies.ts';

export function playgroundEndpoints(context: StudioContext): Endpoints<keyof PlaygroundOutputs> {
  const { store, playground } = context;
  return {
    'list-policies': () => listPolicies(context),
    'read-run-prompt': ({ run, row }) => readRunPrompt(store.reader, run, row),
    'sample-playground': (request) => playground.begin(request),
    'cancel-playground': ({ session }) => {
      playground.cancel(session);
      return null;
    },
  };
}
