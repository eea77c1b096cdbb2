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
  { path: ['compare'], title: 'Compare', load: () => import('../features/compare/ComparePage.svelte') },
  { path: ['runs', ':run', 'samples'], title: 'Samples', load: () => import('../features/samples/SamplesPage.svelte') },
];

export function findRoute(segments: string[]): Route | undefined {
  return routes.find(
    ({ path }) =>
      path.length === segments.length && path.every((part, i) => part.startsWith(':') || part === segments[i]),
  );
}
