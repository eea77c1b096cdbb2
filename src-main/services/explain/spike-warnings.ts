/** Failure pattern of single updates: the loss or the gradient jumps. */
import type { RunConfig } from '../../contract/config.ts';
import type { Series } from '../../rewards/watchers/series.ts';
import { spikesOf, type Spike } from './spikes.ts';
import { SPIKE_LOSS, SPIKE_WINDOW } from './thresholds.ts';
import type { RunWarning } from '../../rewards/watchers/warning.ts';
import { number } from '../../rewards/watchers/wording.ts';

type Config = RunConfig['config'];

export function lossSpike(config: Config, series: Series): RunWarning | null {
  const spikes = spikesOf(series('loss'), SPIKE_LOSS);
  if (spikes.length === 0) return null;
  return {
    code: 'loss_spike',
    title: 'The loss jumped',
    evidence: spikeSentence('The loss', spikes),
    advice: `Single updates were too large. Lower learning_rate (now ${number(config.learning_rate)}) or max_grad_norm (now ${number(config.max_grad_norm)}), and look at the completions of that step: an odd row of the dataset does it too.`,
    settings: [
      { name: 'learning_rate', value: config.learning_rate },
      { name: 'max_grad_norm', value: config.max_grad_norm },
    ],
    ...stepsOf(spikes),
  };
}

export function gradientSpike(config: Config, series: Series): RunWarning | null {
  const { max_grad_norm: limit } = config;
  // A gradient that was not clipped made no larger update than it was allowed to.
  const spikes = spikesOf(series('grad_norm'), limit > 0 ? limit : 1);
  if (spikes.length === 0) return null;
  return {
    code: 'gradient_spike',
    title: 'The gradient jumped',
    evidence: spikeSentence("The gradient's norm", spikes),
    advice:
      limit > 0
        ? `It was scaled down to max_grad_norm (now ${number(limit)}), which limits the harm. If it happens often, lower learning_rate (now ${number(config.learning_rate)}) or use more prompts or rows a step.`
        : `Nothing limited the update: set max_grad_norm to 1 (now 0, off), or lower learning_rate (now ${number(config.learning_rate)}).`,
    settings: [
      { name: 'max_grad_norm', value: limit },
      { name: 'learning_rate', value: config.learning_rate },
    ],
    ...stepsOf(spikes),
  };
}

function spikeSentence(what: string, spikes: Spike[]): string {
  const worst = spikes.reduce((a, b) => (Math.abs(b.value) / b.usual > Math.abs(a.value) / a.usual ? b : a));
  const others = spikes.length > 1 ? `, the largest of ${spikes.length} such jumps` : '';
  return `${what} was ${number(worst.value)} in step ${worst.step}, where ${number(worst.usual)} was usual (the median of up to ${SPIKE_WINDOW} steps before)${others}.`;
}

function stepsOf(spikes: Spike[]): Pick<RunWarning, 'steps'> {
  return { steps: { first: spikes[0].step, last: spikes[spikes.length - 1].step } };
}
