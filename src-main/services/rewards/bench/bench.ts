/** The test bench: scores groups of completions by a rule set, batch by batch, and reports what would follow. No engine is needed. */
import type { DatasetRow, Prompt } from '../../../contract/dataset.ts';
import type { RewardRule } from '../../../contract/reward-rules.ts';
import type { BenchGroup, BenchReport } from '../../../contract/rewards.ts';
import type { CompileOptions } from '../../../rewards/compile-rule.ts';
import { compileRules } from '../../../rewards/compile-rules.ts';
import type { CompletionScore, RewardScorer } from '../../../rewards/reward-scorer.ts';
import type { ScoredGroup } from '../../../rewards/rule.ts';
import { advantagesOf, defaultAdvantages, type AdvantageSettings } from './advantages.ts';
import { findFindings } from './findings.ts';
import { summaryOf } from './summary.ts';
import { Tally } from './tally.ts';

/** A group with its place, for the report. */
export interface PlacedScoredGroup extends ScoredGroup {
  /** null outside a run */
  step: number | null;
  /** Whether the row is one of a dataset, and not a stand-in. */
  hasRow: boolean;
}

export interface BenchOptions {
  /** What rules that need more than text may use. */
  compile?: CompileOptions;
  /** How advantages are made of rewards; the defaults of a run when left out. */
  advantages?: AdvantageSettings;
  /** Groups kept in full. */
  keep?: number;
  /** Aborts between batches. */
  signal?: AbortSignal;
  /** @param share done in [0, 1] */
  onProgress?: (share: number, message: string) => void;
}

const KEPT = 20;

export class Bench {
  readonly rules: readonly RewardRule[];
  readonly #scorer: RewardScorer;
  readonly #options: BenchOptions;
  readonly #tally: Tally;
  readonly #samples: BenchGroup[] = [];
  readonly #warnings = new Map<string, { rule: string; message: string; count: number }>();

  private constructor(rules: readonly RewardRule[], scorer: RewardScorer, options: BenchOptions) {
    this.rules = rules;
    this.#scorer = scorer;
    this.#options = options;
    this.#tally = new Tally(rules);
  }

  /** @throws StudioError reward_invalid; its field is the place in the set, such as `rewards.0.pattern` */
  static async open(rules: readonly RewardRule[], options: BenchOptions = {}): Promise<Bench> {
    const scorer = await compileRules(rules, options.compile);
    return new Bench(
      rules.filter(({ enabled }) => enabled),
      scorer,
      options,
    );
  }

  /**
   * @param batch the groups of a step: they share the time limits of rules, and the batch's deviation where advantages use it
   * @throws the signal's reason when it is aborted; StudioError where a rule asks for the end of the run
   */
  async score(batch: readonly PlacedScoredGroup[]): Promise<CompletionScore[][]> {
    this.#options.signal?.throwIfAborted();
    const scored = await this.#scorer.scoreGroups(batch);
    for (const { rule, message, count } of this.#scorer.takeWarnings()) {
      const key = JSON.stringify([rule, message]);
      this.#warnings.set(key, { rule, message, count: count + (this.#warnings.get(key)?.count ?? 0) });
    }
    for (const group of scored) this.#tally.add(group);
    this.#keep(batch, scored);
    return scored;
  }

  #keep(batch: readonly PlacedScoredGroup[], scored: readonly (readonly CompletionScore[])[]): void {
    const { keep = KEPT, advantages = defaultAdvantages } = this.#options;
    if (this.#samples.length >= keep) return;
    const following = advantagesOf(scored, this.rules, advantages);
    batch.slice(0, keep - this.#samples.length).forEach(({ step, hasRow, row, prompt, completions }, g) => {
      this.#samples.push({
        row: hasRow ? row.index : null,
        step,
        prompt,
        rewards: summaryOf(scored[g].map(({ reward }) => reward)),
        completions: completions.map(({ text }, c) => ({ text, advantage: following[g][c], ...scored[g][c] })),
      });
    });
  }

  report(notes: readonly string[] = []): BenchReport {
    const tallied = this.#tally.result();
    return {
      ...tallied,
      findings: findFindings(this.rules, tallied, (place) => this.#tally.firstWhy(place)),
      warnings: [...this.#warnings.values()],
      samples: this.#samples,
      notes: [...notes],
    };
  }

  dispose(): void {
    this.#scorer.dispose();
  }
}

/** Opens a bench for the time of some work. */
export async function withBench<T>(
  rules: readonly RewardRule[],
  options: BenchOptions,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const bench = await Bench.open(rules, options);
  try {
    return await work(bench);
  } finally {
    bench.dispose();
  }
}

/** A prompt as text: a conversation's contents, for rules and readers that have no chat template. */
export function promptText(prompt: Prompt): string {
  return typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n');
}

/** The row of a text that is scored without a dataset. */
export const noRow: DatasetRow = { index: 0, prompt: '', columns: {} };
