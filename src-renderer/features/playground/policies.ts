/** Policies as choices in a list: a model, or a checkpoint of a run. Pure. */
import type { PolicyChoice, PolicyList } from '../../../src-main/contract/api/playground.ts';

export interface PolicyOption {
  /** Tells it from all others. */
  value: string;
  /** In its group: `step 60`. */
  name: string;
  /** Everywhere else: `demo, step 60`. */
  label: string;
  policy: PolicyChoice;
}

export interface PolicyGroup {
  name: string;
  options: PolicyOption[];
}

export function modelValue(list: PolicyList, path: string): string {
  return `model:${list.models.find((model) => model.path === path)?.name ?? path}`;
}

export function checkpointValue(run: string, step: number): string {
  return `run:${run}:${step}`;
}

/** Models first, with those that runs began with wherever they lie, then each run's checkpoints, the newest first. */
export function policyGroups(list: PolicyList): PolicyGroup[] {
  const known = new Set(list.models.map(({ path }) => path));
  const elsewhere = [...new Set(list.runs.map(({ model }) => model))].filter((path) => !known.has(path));
  const models = [...list.models, ...elsewhere.map((path) => ({ name: path, path }))];
  return [
    {
      name: 'Models',
      options: models.map(({ name }) => {
        const label = name.split(/[/\\]/).findLast((part) => part !== '') ?? name;
        return { value: `model:${name}`, name: label, label, policy: { kind: 'model', model: name } };
      }),
    },
    ...list.runs.map(({ id, name, steps }) => ({
      name,
      options: steps.toReversed().map((step): PolicyOption => ({
        value: checkpointValue(id, step),
        name: `${name}, step ${step}`,
        label: `${name}, step ${step}`,
        policy: { kind: 'checkpoint', run: id, step },
      })),
    })),
  ];
}

/** What is worth comparing at first: what a run began with, and its newest checkpoint, or the one of a step. */
export function firstChoice(list: PolicyList, run: string | null, step: number | null): string[] {
  const chosen = list.runs.find(({ id }) => id === run) ?? (run === null ? list.runs[0] : undefined);
  if (chosen === undefined) return list.models.slice(0, 1).map(({ path }) => modelValue(list, path));
  const newest = chosen.steps[chosen.steps.length - 1];
  const at = step !== null && chosen.steps.includes(step) ? step : newest;
  return [modelValue(list, chosen.model), checkpointValue(chosen.id, at)];
}
