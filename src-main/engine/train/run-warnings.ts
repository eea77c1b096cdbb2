/** What a run warns of while it goes on: completions that rules could not score, memory that is short, and what the watchers of the
 * reward see. */
import type { RunConfig } from '../../contract/config.ts';
import type { EngineEvent, StepRecord } from '../../contract/engine.ts';
import type { RewardScorer, ScoringWarning } from '../../rewards/reward-scorer.ts';
import { watchRewards } from '../../rewards/watchers/watch-rewards.ts';

/** Newest steps that watchers look at. */
const WINDOW = 50;

/** Steps before the same pattern is warned of again. */
const WATCH_INTERVAL = 50;

/** Steps before completions without a score are counted and told again. */
const SCORING_INTERVAL = 10;

/** Messages told of a rule; the others are only counted. */
const MESSAGES = 3;

type WarningEvent = Extract<EngineEvent, { type: 'warning' }>;
type Step = Pick<StepRecord, 'step' | 'metrics'>;

export class RunWarnings {
  readonly #run: RunConfig;
  readonly #scorer: Pick<RewardScorer, 'takeWarnings'>;
  readonly #window: Step[] = [];
  /** The step from which on each pattern, by its title, may be warned of again. */
  readonly #quietUntil = new Map<string, number>();
  #scoringQuietUntil = 0;
  #toldOfMemory = false;

  constructor(run: RunConfig, scorer: Pick<RewardScorer, 'takeWarnings'>) {
    this.#run = run;
    this.#scorer = scorer;
  }

  /** @yields what is to be said after a step; each pattern at most once in many steps */
  *afterStep({ step, metrics }: Step): Generator<WarningEvent, void> {
    if (step >= this.#scoringQuietUntil) {
      const taken = this.#scorer.takeWarnings();
      if (taken.length > 0) this.#scoringQuietUntil = step + SCORING_INTERVAL;
      yield* scoringEvents(step, taken);
    }
    const recomputed = metrics['memory/recomputed_tokens'] ?? 0;
    if (recomputed > 0 && !this.#toldOfMemory && this.#run.config.gradient_checkpointing === 'auto') {
      this.#toldOfMemory = true;
      const instead =
        'Fewer completions or shorter ones in a micro-batch need less; gradient_checkpointing decides it for good.';
      const message = `Memory is short: layers are computed again for their gradients, so updates take up to a third longer. ${instead}`;
      yield { type: 'warning', step, message };
    }
    if (this.#run.type !== 'grpo') return;
    this.#window.push({ step, metrics });
    if (this.#window.length > WINDOW) this.#window.shift();
    const series = (name: string) =>
      this.#window.flatMap(({ step, metrics: { [name]: value } }) => (value === undefined ? [] : { step, value }));
    for (const { title, evidence, advice, steps } of watchRewards(this.#run.config, series)) {
      if (steps.last < step || step < (this.#quietUntil.get(title) ?? 0)) continue;
      this.#quietUntil.set(title, step + WATCH_INTERVAL);
      yield { type: 'warning', step, message: `${title}. ${evidence} ${advice}` };
    }
  }

  /** @yields what was counted and not told yet */
  *atEnd(step: number): Generator<WarningEvent, void> {
    yield* scoringEvents(step, this.#scorer.takeWarnings());
  }
}

/** One event for each rule, and for what costs no completion its score: `rule judge: 12 of 64 completions could not be scored: connection refused (10), timed out (2)`. */
function* scoringEvents(step: number, warnings: readonly ScoringWarning[]): Generator<WarningEvent, void> {
  for (const { rule, message, count } of warnings) {
    if (count === 0) yield { type: 'warning', step, message: `rule ${rule}: ${message}` };
  }
  const unscored = warnings.filter(({ count }) => count > 0);
  for (const [rule, ofRule] of Map.groupBy(unscored, (warning) => warning.rule)) {
    const total = ofRule.reduce((sum, { count }) => sum + count, 0);
    const reasons = ofRule
      .toSorted((a, b) => b.count - a.count)
      .map(({ message, count }) => (ofRule.length === 1 ? message : `${message} (${count})`));
    const told = reasons.slice(0, MESSAGES).join('; ');
    const rest = reasons.length > MESSAGES ? `; and ${reasons.length - MESSAGES} other reasons` : '';
    yield {
      type: 'warning',
      step,
      message: `rule ${rule}: ${total} of ${ofRule[0].of} completions could not be scored: ${told}${rest}`,
    };
  }
}
