/** The settings of several runs beside each other; reward rules go by their names, whatever their order. */
import type { SettingComparison } from '../../contract/api/compare.ts';
import { rewardRulesOf } from '../../contract/config.ts';
import type { StoredRun } from '../../store/interfaces.ts';

type Fields = Map<string, unknown>;
type Section = SettingComparison['section'];

const sections: Section[] = ['data', 'settings', 'rewards', 'machine'];

/** Every setting that one of the runs has, those of the first run first. */
export function compareSettings(runs: readonly StoredRun[]): SettingComparison[] {
  const each = runs.map(fieldsOf);
  return sections.flatMap((section) => {
    const names = [...new Set(each.flatMap((fields) => [...fields[section].keys()]))];
    return names.map((field): SettingComparison => {
      const values = each.map((fields) => toText(fields[section].get(field)));
      return { section, field, values, differs: new Set(values).size > 1 };
    });
  });
}

/** A text that runs share when nothing but their seed and their name differs. */
export function settingsKey({ run, datasetHash, evalDatasetHash }: StoredRun): string {
  const { seed: _seed, name: _name, ...settings } = run.config;
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([run.type, sorted, datasetHash, evalDatasetHash]);
}

function fieldsOf(stored: StoredRun): Record<Section, Fields> {
  const { run, datasetHash, evalDatasetHash, rewardHash, info } = stored;
  const config: Record<string, unknown> = { ...run.config };
  const { model, dataset, eval_dataset, name: _name, rewards: _rewards, ...settings } = config;
  const rules = rewardRulesOf(run);
  return {
    data: new Map(
      Object.entries({
        type: run.type,
        model,
        parameters: info?.parameters,
        dataset,
        'dataset rows, SHA-256': datasetHash,
        eval_dataset,
        'eval_dataset rows, SHA-256': evalDatasetHash ?? undefined,
        'rewards, SHA-256': rules.length === 0 ? undefined : rewardHash,
      }),
    ),
    settings: flatten(settings),
    rewards: new Map(
      rules.flatMap(({ name, ...rule }, place): [string, unknown][] => [
        [name, `rule ${place + 1}`],
        ...[...flatten(rule)].map(([field, value]): [string, unknown] => [`${name}.${field}`, value]),
      ]),
    ),
    machine: new Map(Object.entries({ backend: info?.backend, device: info?.device })),
  };
}

/** Nested objects as dotted fields; lists stay whole. */
function flatten(value: object, prefix = ''): Fields {
  return new Map(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]): [string, unknown][] => {
      const isObject = inner !== null && typeof inner === 'object' && !Array.isArray(inner);
      return isObject ? [...flatten(inner, `${prefix}${key}.`)] : [[`${prefix}${key}`, inner]];
    }),
  );
}

/** Small numbers as people write learning rates: `2e-6`. */
function toText(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'number') return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
