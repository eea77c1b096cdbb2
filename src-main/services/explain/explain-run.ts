/** Explains a step of a run and warns of failure patterns, from nothing but what the run recorded. */
import { grpoConfigSchema, type RunConfig } from '../../contract/config.ts';
import type { StepRecord } from '../../contract/engine.ts';
import { StudioError } from '../../contract/errors.ts';
import { placedRules } from '../../rewards/watchers/placed-rules.ts';
import type { StoreReader } from '../../store/interfaces.ts';
import { explainAdvantages, explainGroups } from './explain-groups.ts';
import { explainLoss } from './explain-loss.ts';
import { explainRatio } from './explain-ratio.ts';
import { explainSupervised } from './explain-supervised.ts';
import { explainTokens } from './explain-tokens.ts';
import { findWarnings, warningsNote } from './find-warnings.ts';
import { loadTokenTexts, type TokenTexts } from './token-texts.ts';
import type { RunExplanation, StepExplanation } from './types.ts';

/**
 * @param idOrName id, beginning of it, or name of a run
 * @param step the newest when absent
 * @throws StudioError run_not_found; config_invalid when the run has no such step; run_state when it has none at all
 */
export async function explainRun(reader: StoreReader, idOrName: string, step?: number): Promise<RunExplanation> {
  const run = reader.resolveRun(idOrName);
  const { id, name, type, status } = run;
  const settings = withDefaults(run.run);
  if (run.step === 0) throw new StudioError('run_state', `Run ${id} has no step to explain yet.`);
  const record = reader.getStep(id, step ?? run.step);
  if (record === null) {
    throw new StudioError('config_invalid', `Run ${id} has no step ${step ?? run.step}: they end at ${run.step}.`);
  }
  const firstLoss = reader.getMetricSeries(id, 'loss').find((point) => point.step === 1)?.value ?? null;
  const tokenTexts = type === 'grpo' ? await loadTokenTexts(run, reader) : { tokenText: null, missing: null };
  const warnings = findWarnings(reader, { id, run: settings });
  return {
    run: { id, name, type, status },
    step: explainStep(settings, record, firstLoss, tokenTexts),
    warnings,
    warningsNote: warningsNote({ run: settings, step: run.step }, warnings),
  };
}

/** A run of an earlier version lacks the settings that came since; their defaults are what it did. */
function withDefaults(run: RunConfig): RunConfig {
  if (run.type !== 'grpo') return run;
  return { type: 'grpo', config: grpoConfigSchema.safeParse(run.config).data ?? run.config };
}

/** @param firstLoss loss of the run's first step; null when it was not recorded */
export function explainStep(
  run: RunConfig,
  record: StepRecord,
  firstLoss: number | null,
  tokenTexts: TokenTexts,
): StepExplanation {
  if (run.type !== 'grpo') return explainSupervised(record, run, firstLoss);
  const { config } = run;
  return {
    type: 'grpo',
    step: record.step,
    loss: explainLoss(record, config, firstLoss),
    ratio: explainRatio(record, config),
    advantages: explainAdvantages(record.groups, config),
    groups: explainGroups(record, placedRules(config)[0].name),
    tokens: explainTokens(record, config, tokenTexts),
  };
}
