/** Finds prompts that several runs sampled, and what each of them answered around the same step. */
import type { PromptCompletions, SharedPrompt, SharedPrompts } from '../../contract/api/compare.ts';
import type { StoredRun, StoreReader } from '../../store/interfaces.ts';

/** Prompts that are listed at most. */
const LISTED = 200;

/** Characters of a prompt in the list: its end, where the question is. */
const EXCERPT = 400;

interface Occurrences {
  prompt: string;
  /** Run ids by step. */
  steps: Map<number, Set<string>>;
  runs: Set<string>;
}

/** @param search a part of the prompt, or the number of its row, counted from 1; empty for all */
export function listSharedPrompts(reader: StoreReader, runs: readonly StoredRun[], search: string): SharedPrompts {
  const { matching, leftOut } = matchingRuns(runs);
  const byRow = new Map<number, Occurrences>();
  for (const { id } of matching) {
    for (const { row, step, prompt } of reader.listSampledPrompts(id)) {
      let found = byRow.get(row);
      if (found === undefined) byRow.set(row, (found = { prompt, steps: new Map(), runs: new Set() }));
      found.runs.add(id);
      const atStep = found.steps.get(step);
      if (atStep === undefined) found.steps.set(step, new Set([id]));
      else atStep.add(id);
    }
  }
  const wanted = search.trim().toLowerCase();
  const prompts = [...byRow]
    .filter(([row, { prompt }]) => wanted === '' || String(row + 1) === wanted || prompt.toLowerCase().includes(wanted))
    .map(([row, occurrences]) => toSharedPrompt(row, occurrences))
    .sort((a, b) => b.runs - a.runs || b.atStep - a.atStep || a.row - b.row);
  return { prompts: prompts.slice(0, LISTED), total: prompts.length, leftOut };
}

/**
 * What each run answered to a row, at the step nearest to `step`; the earlier of two that are equally near.
 * @param runs those that did not learn from the rows of the first have no column
 */
export function readPromptCompletions(
  reader: StoreReader,
  runs: readonly StoredRun[],
  row: number,
  step: number,
): PromptCompletions {
  const steps = new Set<number>();
  const columns = matchingRuns(runs).matching.map(({ id }) => {
    const sampled = reader.listSampledPrompts(id).filter((prompt) => prompt.row === row);
    for (const prompt of sampled) steps.add(prompt.step);
    const nearest = sampled.reduce<(typeof sampled)[number] | null>(
      (best, prompt) => (best === null || Math.abs(prompt.step - step) < Math.abs(best.step - step) ? prompt : best),
      null,
    );
    const completions = nearest === null ? [] : reader.listCompletionTexts(id, nearest.step, row);
    return { run: id, step: nearest?.step ?? null, prompt: nearest?.prompt ?? '', completions };
  });
  return { steps: [...steps].sort((a, b) => a - b), columns };
}

/** Rows mean the same only where they are of the same dataset. */
function matchingRuns(runs: readonly StoredRun[]): { matching: StoredRun[]; leftOut: SharedPrompts['leftOut'] } {
  const sampling = runs.filter(({ type }) => type === 'grpo');
  const hash = sampling[0]?.datasetHash;
  const matching = sampling.filter(({ datasetHash }) => datasetHash === hash);
  const leftOut = runs
    .filter((run) => !matching.includes(run))
    .map(({ id, type }) => ({
      run: id,
      why: type === 'grpo' ? 'It learned from other rows.' : 'It samples no completions while it trains.',
    }));
  return { matching, leftOut };
}

function toSharedPrompt(row: number, { prompt, steps, runs }: Occurrences): SharedPrompt {
  let best = 0;
  let bestStep = 0;
  for (const [step, ids] of steps) {
    if (ids.size > best || (ids.size === best && step < bestStep)) [best, bestStep] = [ids.size, step];
  }
  const excerpt = prompt.length > EXCERPT ? `…${prompt.slice(-EXCERPT)}` : prompt;
  return { row, prompt: excerpt, runs: runs.size, step: bestStep, atStep: best };
}
