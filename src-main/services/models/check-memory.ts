/** Holds a run's memory against the machine's, and finds settings with which a run that does not fit would. */
import { StudioError } from '../../contract/errors.ts';
import type { MemoryCheck, MemorySuggestion } from '../../contract/models.ts';
import { estimateMemory, type MemoryShape } from './estimate-memory.ts';
import { memorySettings, type MemoryRun, type RowTokens } from './memory-settings.ts';

type Settings = MemorySuggestion['settings'];

/** Settings that lower the peak, each step from what a run has; those that change least about the training first. */
const remedies: readonly ((run: MemoryRun) => Settings[])[] = [
  ({ config }) => (config.gradient_checkpointing === false ? [{ gradient_checkpointing: true }] : []),
  (run) => {
    const most = run.type === 'grpo' ? run.config.prompts_per_step : run.config.batch_size;
    const now = run.config.gradient_accumulation_steps;
    return doublings(now, most).map((steps) => ({ gradient_accumulation_steps: steps }));
  },
  (run) => (run.type === 'grpo' && run.config.beta > 0 && run.config.lora_r === 0 ? [{ beta: 0 }] : []),
  ({ config }) => (config.lora_r === 0 ? [{ lora_r: 16 }, { lora_r: 16, load_in_8bit: true }] : []),
  ({ config }) => (config.lora_r > 0 && !config.load_in_8bit ? [{ load_in_8bit: true }] : []),
  (run) => (run.type === 'grpo' ? halvings('num_generations', run.config.num_generations, 2) : []),
  (run) =>
    run.type === 'grpo'
      ? halvings('prompts_per_step', run.config.prompts_per_step, 1)
      : halvings('batch_size', run.config.batch_size, 1),
  (run) => (run.type === 'reward_model' ? [] : halvings('max_completion_length', run.config.max_completion_length, 16)),
];

/**
 * @param available bytes that the machine can give
 */
export function checkMemory(run: MemoryRun, shape: MemoryShape, tokens: RowTokens, available: number): MemoryCheck {
  const estimateOf = (run: MemoryRun): Pick<MemoryCheck, 'estimate' | 'recomputes'> => {
    const settings = memorySettings(run, tokens);
    const estimate = estimateMemory(shape, settings);
    if (estimate.total <= available || run.config.gradient_checkpointing !== 'auto')
      return { estimate, recomputes: settings.recomputes };
    return { estimate: estimateMemory(shape, { ...settings, recomputes: true }), recomputes: true };
  };
  const totalWith = (settings: Settings): number => estimateOf(changed(run, settings)).estimate.total;
  const { estimate, recomputes } = estimateOf(run);
  if (estimate.total <= available) return { estimate, available, fits: true, recomputes, suggestions: [] };

  const suggestions: MemorySuggestion[] = [];
  const tried: Settings[][] = [];
  for (const remedy of remedies) {
    const choices = remedy(run);
    tried.push(choices);
    const alone = choices.find((settings) => totalWith(settings) <= available);
    const enough = alone ?? (suggestions.length === 0 ? mildestTogether(tried, totalWith, available) : null);
    if (enough !== null) suggestions.push({ settings: enough, total: totalWith(enough) });
  }
  return { estimate, available, fits: false, recomputes, suggestions };
}

/**
 * Settings out of several remedies that are enough together, and no stronger than it takes; those that change most about the training
 * are relaxed first.
 *
 * @param tried for each remedy its choices, the mildest first
 * @returns null when the strongest of all are not enough
 */
function mildestTogether(
  tried: readonly Settings[][],
  totalWith: (settings: Settings) => number,
  available: number,
): Settings | null {
  const taken: Settings[] = [];
  const totalOf = (choice: Settings, place: number): number =>
    totalWith(Object.assign({}, ...taken.with(place, choice)) as Settings);
  for (const [place, choices] of tried.entries()) {
    taken.push({});
    taken[place] = choices.reduce(
      (best, choice) => (totalOf(choice, place) <= totalOf(best, place) ? choice : best),
      {},
    );
  }
  for (let place = tried.length - 1; place >= 0; place--) {
    const mildest = [{}, ...tried[place]].find((choice) => totalOf(choice, place) <= available);
    if (mildest === undefined) return null;
    taken[place] = mildest;
  }
  return Object.assign({}, ...taken) as Settings;
}

/** @throws StudioError `config_invalid` when the run does not fit, with the settings that would */
export function requireMemory({ estimate, available, fits, suggestions }: MemoryCheck): void {
  if (fits) return;
  const advice = suggestions.map(
    ({ settings, total }) =>
      `${Object.entries(settings)
        .map(([name, value]) => `${name} ${value}`)
        .join(' with ')} needs ${gigabytes(total)}`,
  );
  const instead =
    advice.length === 0
      ? 'no settings make it fit here: take a smaller model, or more memory'
      : `it would fit like this: ${advice.join('; ')}`;
  throw new StudioError(
    'config_invalid',
    `This run needs about ${gigabytes(estimate.total)} of memory, and ${gigabytes(available)} are free; ${instead}. ` +
      'Told to ignore the memory (--ignore-memory), it starts anyway.',
    { field: 'model' },
  );
}

/** Bytes that a new process can take now: what is free on the machine, or left of what the container may use. */
export function availableMemory(): number {
  return process.availableMemory();
}

function changed(run: MemoryRun, settings: Settings): MemoryRun {
  return { ...run, config: { ...run.config, ...settings } } as MemoryRun;
}

function doublings(now: number, most: number): number[] {
  const steps: number[] = [];
  for (let next = 2 * now; next < 2 * most; next *= 2) steps.push(Math.min(next, most));
  return steps;
}

function halvings(name: string, now: number, least: number): Record<string, number>[] {
  const steps: Record<string, number>[] = [];
  for (let next = Math.floor(now / 2); next >= least; next = Math.floor(next / 2)) steps.push({ [name]: next });
  return steps;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
