/** Runs beside each other: what each of them is and came to, what differs in their settings, and who evaluates better. */
import type {
  ComparedRun,
  EvaluationComparison,
  EvaluationDifference,
  RunComparison,
} from '../../contract/api/compare.ts';
import { StudioError } from '../../contract/errors.ts';
import type { RunSummary } from '../../contract/run.ts';
import type { StoredRun, StoreReader } from '../../store/interfaces.ts';
import { compareSettings, settingsKey } from './compare-settings.ts';
import { compareEvaluations, evaluationDifferences, sharedMeasures, type Evaluated } from './evaluation-pairs.ts';
import { metricNamesOf } from './metric-curves.ts';
import { runLabels } from './run-labels.ts';

/** Newest steps that a final value is the mean of: single steps are noisy. */
const FINAL_STEPS = 10;

export function compareRuns(reader: StoreReader, ids: readonly string[]): RunComparison {
  const stored: StoredRun[] = [];
  const missing: RunComparison['missing'] = [];
  for (const id of new Set(ids)) {
    try {
      stored.push(reader.getRun(id));
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'run_not_found') throw error;
      missing.push(id);
    }
  }
  const labels = runLabels(stored);
  const keys = [...new Set(stored.map(settingsKey))];
  const runs = stored.map((run, i): ComparedRun => {
    const evaluations = reader.listEvaluations(run.id);
    const last = Object.entries(evaluations.at(-1)?.metrics ?? {});
    return {
      ...summaryOf(run),
      label: labels[i],
      seedGroup: keys.indexOf(settingsKey(run)),
      metricNames: metricNamesOf(reader, run.id),
      finals: {
        ...reader.readFinalMetrics(run.id, FINAL_STEPS),
        ...Object.fromEntries(last.map(([name, value]): [string, number] => [`eval/${name}`, value])),
      },
      evaluationSteps: evaluations.map(({ step }) => step),
    };
  });
  return { runs, missing, settings: compareSettings(stored) };
}

interface EvaluationChoice {
  baseline: string;
  /** Step of the evaluation of a run; the last one of those that are left out. */
  steps: Record<string, number>;
  /** What they all share when absent. */
  measure?: string | undefined;
}

/** Each run against the baseline, and the baseline against its own first evaluation. */
export function compareRunEvaluations(
  reader: StoreReader,
  ids: readonly string[],
  { baseline, steps, measure }: EvaluationChoice,
): EvaluationComparison {
  const runs = [...new Set([baseline, ...ids])].map((id) => reader.getRun(id));
  const labels = runLabels(runs);
  const evaluated = new Map<string, Evaluated>();
  runs.forEach((run, i) => {
    const step = steps[run.id] ?? reader.listEvaluations(run.id).at(-1)?.step;
    const evaluation = step === undefined ? null : reader.getEvaluation(run.id, step);
    if (evaluation !== null) evaluated.set(run.id, { run, label: labels[i], evaluation });
  });
  const measures = sharedMeasures([...evaluated.values()].map(({ run }) => run));
  const sameRules = new Set([...evaluated.values()].map(({ run }) => run.rewardHash)).size === 1;
  const usual = sameRules ? 'reward' : (measures[1] ?? 'reward');
  const chosen = measure !== undefined && measures.includes(measure) ? measure : usual;
  const base = evaluated.get(baseline);
  const pairs =
    base === undefined
      ? []
      : [...ownFirst(reader, base), ...evaluated.values()]
          .filter((other) => other !== base)
          .map((other) =>
            other.run.id === baseline
              ? compareEvaluations(other, base, chosen)
              : compareEvaluations(base, other, chosen),
          );
  const withoutEvaluation = runs.filter(({ id }) => !evaluated.has(id)).map(({ id }) => id);
  return { measures, measure: chosen, pairs, withoutEvaluation };
}

interface EvaluationPlace {
  run: string;
  step: number;
}

/** @throws StudioError run_state when one of the runs made no evaluation at its step */
export function listEvaluationDifferences(
  reader: StoreReader,
  first: EvaluationPlace,
  second: EvaluationPlace,
  measure: string,
): EvaluationDifference[] {
  const [a, b] = [first, second].map(({ run, step }) => {
    const evaluation = reader.getEvaluation(reader.getRun(run).id, step);
    if (evaluation === null) throw new StudioError('run_state', `Run ${run} made no evaluation at step ${step}.`);
    return evaluation;
  });
  return evaluationDifferences(a, b, measure);
}

/** The evaluation that the baseline began with, when it is another one. */
function ownFirst(reader: StoreReader, base: Evaluated): Evaluated[] {
  const [first] = reader.listEvaluations(base.run.id);
  if (first === undefined || first.step >= base.evaluation.step) return [];
  const evaluation = reader.getEvaluation(base.run.id, first.step);
  return evaluation === null ? [] : [{ ...base, evaluation }];
}

function summaryOf({
  run: _run,
  directory: _directory,
  info: _info,
  datasetHash: _datasetHash,
  evalDatasetHash: _evalDatasetHash,
  rewardHash: _rewardHash,
  hostPid: _hostPid,
  ...summary
}: StoredRun): RunSummary {
  return summary;
}
