/** Compares a completion's answer with the row's as mathematics: 1 when they mean the same, else 0. */
import type { MathRule } from '../../contract/reward-rules/math.ts';
import { compileExtraction } from '../extraction.ts';
import type { CompiledGroupRule, Verdict } from '../rule.ts';
import { WatchedWorker, type JobOutcome } from '../sandbox/watched-worker.ts';
import { workerLocation } from '../sandbox/worker-location.ts';
import { kindOf, quote } from '../wording.ts';
import { findAnswer, findExpected } from './find-answer.ts';
import type { MathAnswer, MathJob } from './math-jobs.ts';

/** JavaScript heap of the comparing thread, in MiB: a number that needs more is no answer. */
const heapMb = 512;

type Warn = (message: string) => void;

/**
 * @param field the rule's place in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileMath(rule: MathRule, field: string): CompiledGroupRule {
  const extract = rule.extract === undefined ? findAnswer : compileExtraction(rule.extract, `${field}.extract`);
  const extractExpected =
    rule.extract_expected === undefined
      ? findExpected
      : compileExtraction(rule.extract_expected, `${field}.extract_expected`);
  const worker = new WatchedWorker<MathJob, MathAnswer>(
    workerLocation('./math-worker.ts', 'math-worker.js', import.meta.url),
    heapMb,
  );

  /** Equal questions are asked once: the completions of a group often end alike. */
  async function ask(jobs: Map<string, MathJob>, budgetMs: number): Promise<Map<string, JobOutcome<MathAnswer>>> {
    const outcomes = await worker.run([...jobs.values()], { jobMs: rule.timeout_ms, budgetMs });
    return new Map([...jobs.keys()].map((key, index) => [key, outcomes[index]]));
  }

  return {
    scoreGroups: async (groups, warn) => {
      const begin = performance.now();
      const expected = groups.map(({ row }) => expectedOf(row.columns[rule.column]));
      const readings = await ask(
        new Map(expected.flatMap((one) => ('found' in one ? [[one.found, { kind: 'read', text: one.found }]] : []))),
        rule.budget_ms,
      );
      const jobs = new Map<string, MathJob>();
      const finish = groups.map((group, index) => {
        const gold = expected[index];
        const unusable = 'found' in gold ? whyUnreadable(gold.found, readings.get(gold.found)!, warn) : gold.why;
        return group.completions.map(({ text }) => {
          if (unusable !== null || !('found' in gold)) return () => ({ score: null, why: unusable! });
          const answer = extract(text);
          if ('missing' in answer) return () => ({ score: 0, why: `${answer.missing} in the completion` });
          const key = JSON.stringify([answer.found, gold.found]);
          jobs.set(key, { kind: 'compare', answer: answer.found, expected: gold.found, tolerance: rule.tolerance });
          return (outcomes: Map<string, JobOutcome<MathAnswer>>) => ({
            ...verdictOf(outcomes.get(key)!, answer.found, gold.found, warn),
            spans: [answer.span],
          });
        });
      });
      const outcomes = await ask(jobs, Math.max(1, rule.budget_ms - (performance.now() - begin)));
      return finish.map((group): Verdict[] => group.map((verdict) => verdict(outcomes)));
    },
    dispose: () => worker.dispose(),
  };

  function expectedOf(value: unknown): { found: string } | { why: string } {
    if (value === undefined || value === null) return { why: `the row has no ${rule.column}` };
    if (typeof value !== 'string' && typeof value !== 'number')
      return { why: `the row's ${rule.column} is ${kindOf(value)}, not text or a number` };
    const found = extractExpected(String(value));
    return 'found' in found ? found : { why: `${found.missing} in the row's ${rule.column}` };
  }

  function whyUnreadable(text: string, outcome: JobOutcome<MathAnswer>, warn: Warn): string | null {
    if ('result' in outcome && 'readable' in outcome.result && outcome.result.readable) return null;
    const why =
      'lost' in outcome && outcome.lost === 'budget'
        ? `not compared: the ${rule.budget_ms} ms for all completions of a step were over`
        : `the right answer ${quote(text)} cannot be read as mathematics`;
    warn(why);
    return why;
  }

  function verdictOf(outcome: JobOutcome<MathAnswer>, answer: string, expected: string, warn: Warn): Verdict {
    if ('result' in outcome) {
      if (!('equal' in outcome.result)) throw new Error('The comparing thread answered another question.');
      const { equal, how } = outcome.result;
      const score = equal ? 1 : 0;
      return { score, why: `${quote(answer)} is ${how}; the right answer is ${quote(expected)}` };
    }
    const budget = outcome.lost === 'budget';
    const why = budget
      ? `not compared: the ${rule.budget_ms} ms for all completions of a step were over`
      : `${quote(answer)} could not be compared with ${quote(expected)} within ${rule.timeout_ms} ms`;
    warn(why);
    return { score: budget ? null : 0, why };
  }
}
