/** The calls that the studio's pages of a run make, by what they show. */
import type { EndpointName, EndpointOutputs } from '../../src-main/contract/api.ts';
import { hostStudio } from '../../src-main/hosts/hosted-studio.ts';
import { searches } from './records.ts';

/** Metrics that the page of a run asks for at once, and points of each. */
const METRICS_A_CALL = 8;
const MAX_POINTS = 1200;

interface Pages {
  pages: Record<string, () => Promise<unknown>>;
  close: () => Promise<void>;
}

/** @param folder the data directory */
export function openPages(folder: string, run: string): Pages {
  const launchEngine = () => ({ send: () => undefined, kill: () => undefined });
  const studio = hostStudio({ dataDirectory: folder, launchEngine });
  const call = <E extends EndpointName>(endpoint: E, input: object | null): Promise<EndpointOutputs[E]> =>
    studio.service.call(endpoint, input, new AbortController().signal) as Promise<EndpointOutputs[E]>;
  /** Leaves nothing out, and differs from call to call, so that no list is remembered. */
  let everyStep = 1_000_000;
  const search = (text: string) => () => call('query-completions', { run, filter: { text, stepTo: everyStep++ } });
  const pages = {
    'list the runs': () => call('list-runs', null),
    'open a run': async () => {
      for (const part of ['read-run', 'list-run-events', 'list-evaluations', 'list-checkpoints'] as const) {
        await call(part, { run });
      }
      const names = await call('list-metric-names', { run });
      for (let start = 0; start < names.length; start += METRICS_A_CALL) {
        const part = names.slice(start, start + METRICS_A_CALL);
        await call('read-metrics', { run, names: part, maxPoints: MAX_POINTS });
      }
      await call('explain-run', { run });
    },
    'its newest completions': () => call('read-latest-groups', { run, limit: 4 }),
    'one chart': () => call('read-metrics', { run, names: ['reward'], maxPoints: MAX_POINTS }),
    'open its samples': async () => {
      await call('read-run', { run });
      await call('list-steps', { run });
      const { rows } = await call('query-groups', { run, filter: { stepTo: everyStep++ } });
      await call('read-group', { group: rows[0].id });
    },
    'its best completions': () => call('query-completions', { run, order: 'reward', filter: { stepTo: everyStep++ } }),
    'search: a word of every text': search(searches.everywhere),
    'search: a word of 1 in 500': search(searches.rare),
    'search: a beginning': search(searches.beginning),
    'search: a sign': search(searches.sign),
  };
  return { pages, close: () => studio.close() };
}
