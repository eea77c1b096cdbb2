/** The sandbox as rules see it: scripts go to a watched worker thread, and every job comes back with an answer or a sentence. */
import type { ScriptLimits } from './quickjs.ts';
import type { ScriptAnswer, ScriptJob, ScriptProblem } from './script-jobs.ts';
import { WatchedWorker } from './watched-worker.ts';
import { workerLocation } from './worker-location.ts';

/** Processor time over a script's own limit after which its thread is ended: loops inside built-ins do not look at the limit. */
const graceMs = 500;

/** JavaScript heap of the thread itself; scripts live in WebAssembly memory under their own limit. */
const heapMb = 256;

export interface SandboxRule {
  timeout_ms: number;
  memory_mb: number;
  stack_kb: number;
  budget_ms: number;
}

export function limitsOf(rule: SandboxRule): ScriptLimits {
  return { timeoutMs: rule.timeout_ms, memoryMb: rule.memory_mb, stackKb: rule.stack_kb };
}

/** An answer, or that the time of all jobs was spent before this one was run. */
export type SandboxAnswer = ScriptAnswer | { skipped: string };

export class Sandbox {
  readonly #worker = new WatchedWorker<ScriptJob, ScriptAnswer>(
    workerLocation('./script-worker.ts', 'script-worker.js', import.meta.url),
    heapMb,
  );

  /** @returns an answer to each job, in order @throws Error when the sandbox cannot be started */
  async run(jobs: readonly ScriptJob[], { timeout_ms, budget_ms }: SandboxRule): Promise<SandboxAnswer[]> {
    const outcomes = await this.#worker.run(jobs, { jobMs: timeout_ms + graceMs, budgetMs: budget_ms });
    return outcomes.map((outcome) => {
      if ('result' in outcome) return outcome.result;
      if (outcome.lost === 'budget')
        return { skipped: `not run: the ${budget_ms} ms for all completions of a step were over` };
      if (outcome.lost === 'crashed') return problem(`ended the sandbox (${outcome.why})`);
      return problem(`ran longer than ${timeout_ms} ms`);
    });
  }

  dispose(): void {
    this.#worker.dispose();
  }
}

function problem(text: string): ScriptProblem {
  return { problem: text, line: null, column: null };
}
