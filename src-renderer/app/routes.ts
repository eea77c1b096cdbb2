/** Which page stands at which address. A page is loaded when it is first opened. */
import type { Component } from 'svelte';

interface Route {
  /** Path segments; one that starts with `:` stands for any. */
  path: string[];
  title: string;
  load: () => Promise<{ default: Component }>;
}

export const routes: Route[] = [
  { path: ['runs'], title: 'Runs', load: () => import('../features/runs/RunsPage.svelte') },
  { path: ['runs', 'new'], title: 'New run', load: () => import('../features/new-run/NewRunPage.svelte') },
  { path: ['runs', ':id'], title: 'Run', load: () => import('../features/runs/run/RunPage.svelte') },
  { path: ['compare'], title: 'Compare', load: () => import('../features/compare/ComparePage.svelte') },
  { path: ['runs', ':run', 'samples'], title: 'Samples', load: () => import('../features/samples/SamplesPage.svelte') },
  { path: ['rewards'], title: 'Rewards', load: () => import('../features/rewards/RewardsPage.svelte') },
  { path: ['rewards', 'edit'], title: 'Reward rules', load: () => import('../features/rewards/EditorPage.svelte') },
  { path: ['playground'], title: 'Playground', load: () => import('../features/playground/PlaygroundPage.svelte') },
  { path: ['datasets'], title: 'Datasets', load: () => import('../features/datasets/DatasetsPage.svelte') },
  {
    path: ['datasets', 'import'],
    title: 'Import a dataset',
    load: () => import('../features/datasets/ImportPage.svelte'),
  },
  { path: ['datasets', ':id'], title: 'Dataset', load: () => import('../features/datasets/DatasetPage.svelte') },
  { path: ['models'], title: 'Models', load: () => import('../features/models/ModelsPage.svelte') },
  { path: ['models', ':name'], title: 'Model', load: () => import('../features/models/ModelPage.svelte') },
  { path: ['settings'], title: 'Settings', load: () => import('../features/settings/SettingsPage.svelte') },
];

export function findRoute(segments: string[]): Route | undefined {
  return routes.find(
    ({ path }) =>
      path.length === segments.length && path.every((part, i) => part.startsWith(':') || part === segments[i]),
  );
}
