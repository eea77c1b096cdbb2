/** The studio every page works with, handed down from the shell. */
import { getContext, setContext } from 'svelte';
import type { Connection } from '../transport/host.ts';
import type { Transport } from '../transport/transport.ts';
import type { JobList } from './job-list.svelte.ts';

export interface Studio extends Transport {
  readonly connection: Connection;
  jobs: JobList;
}

const key = Symbol('studio');

export function provideStudio(studio: Studio): void {
  setContext(key, studio);
}

/** During a component's initialisation only, as all of Svelte's contexts. */
export function useStudio(): Studio {
  return getContext<Studio>(key);
}
