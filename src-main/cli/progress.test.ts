import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../contract/engine.ts';
import {
  isLoggedStep,
  renderProgress,
  secondsLeft,
  startProgress,
  stepLine,
  updateProgress,
  type ProgressState,
} from './progress.ts';

const grpoMetrics = {
  reward: 0.6125,
  'rewards/right/mean': 0.5,
  kl: 0.0031,
  entropy: 1.2,
  completion_tokens: 1625,
  step_time: 2,
  loss: 2,
};

const sftMetrics = { loss: 2, entropy: 1.2, completion_tokens: 1625, step_time: 2 };

const stepEvent = (step: number, metrics: Record<string, number> = grpoMetrics): EngineEvent => ({
  type: 'step',
  record: { step, metrics, groups: [] },
});

/** A run of 100 steps that sampled from second 0 on and has ended `steps` steps, two seconds each. */
function after(steps: number, type: 'grpo' | 'sft' = 'grpo'): ProgressState {
  let state = startProgress(type, 100, 'right', 0);
  state = updateProgress(state, { type: 'phase', phase: 'evaluation', step: 0 }, 0);
  state = updateProgress(state, { type: 'phase', phase: 'sampling', step: 1 }, 10_000);
  for (let step = 1; step <= steps; step++) {
    state = updateProgress(state, stepEvent(step, type === 'sft' ? sftMetrics : grpoMetrics), 10_000 + step * 2000);
  }
  return state;
}

describe('time left', () => {
  test('follows the speed of the steps; the evaluation before them does not count', () => {
    expect(secondsLeft(after(0))).toBeNull();
    expect(secondsLeft(after(1))).toBe(198);
    expect(secondsLeft(after(60))).toBe(80);
    expect(secondsLeft(after(100))).toBe(0);
  });

  test('forgets slow steps of long ago', () => {
    let state = updateProgress(startProgress('grpo', 1000, null, 0), { type: 'phase', phase: 'sampling', step: 1 }, 0);
    for (let step = 1; step <= 5; step++) state = updateProgress(state, stepEvent(step), step * 60_000);
    for (let step = 6; step <= 40; step++) state = updateProgress(state, stepEvent(step), 300_000 + (step - 5) * 1000);
    expect(secondsLeft(state)).toBe(960);
  });

  test('of a resumed run counts only its own steps', () => {
    let state = updateProgress(
      startProgress('grpo', 100, null, 0),
      { type: 'started', step: 90, info: {} as never },
      0,
    );
    state = updateProgress(state, { type: 'phase', phase: 'sampling', step: 91 }, 1000);
    expect(state.step).toBe(90);
    expect(secondsLeft(updateProgress(state, stepEvent(91), 4000))).toBe(27);
  });

  test('a pause does not count', () => {
    let state = updateProgress(after(10), { type: 'paused', step: 10 }, 30_000);
    state = updateProgress(state, { type: 'phase', phase: 'sampling', step: 11 }, 900_000);
    expect(secondsLeft(updateProgress(state, stepEvent(11), 903_000))).toBe(89 * 3);
  });
});

describe('a plain line', () => {
  test('of a GRPO step', () => {
    expect(stepLine(after(12))).toBe(
      'step 12/100  reward 0.613  accuracy 50.0%  KL 0.0031  entropy 1.200  tokens/s 813  ETA 2:56',
    );
  });

  test('of an SFT step has the loss, and no reward', () => {
    expect(stepLine(after(12, 'sft'))).toBe('step 12/100  loss 2.000  entropy 1.200  tokens/s 813  ETA 2:56');
  });

  test('comes for every step of a short run, for about 200 of a long one, and for the last', () => {
    const logged = (maxSteps: number) =>
      Array.from({ length: maxSteps }, (_, index) => index + 1).filter((step) =>
        isLoggedStep({ ...after(0), maxSteps, step }),
      );
    expect(logged(200)).toHaveLength(200);
    expect(logged(1001)).toHaveLength(167);
    expect(logged(1001).slice(0, 2)).toEqual([6, 12]);
    expect(logged(1001).at(-1)).toBe(1001);
  });
});

describe('the live display', () => {
  const plain = { width: 100, color: false, now: 34_000 };

  test('shows the bar, the metrics and the last warning', () => {
    let state = updateProgress(after(12), { type: 'warning', step: 12, message: 'first' }, 34_000);
    state = updateProgress(state, { type: 'warning', step: 12, message: 'second\nline' }, 34_000);
    state = updateProgress(state, { type: 'phase', phase: 'update', step: 13 }, 34_000);
    expect(renderProgress(state, plain)).toEqual([
      '██░░░░░░░░░░░░░░░░░░░░░░ 12/100  0:34  ETA 2:56  update',
      'reward 0.613  accuracy 50.0%  KL 0.0031  entropy 1.200  tokens/s 813',
      'warning: second⏎line',
    ]);
  });

  test('before the first step has no metrics', () => {
    expect(renderProgress(startProgress('grpo', 100, null, 34_000), plain)).toEqual([
      '░░░░░░░░░░░░░░░░░░░░░░░░ 0/100  0:00  ETA –  starting',
    ]);
  });

  test('a stop that was asked for stays on display', () => {
    const state = updateProgress(
      { ...after(3), phase: 'stopping' },
      { type: 'phase', phase: 'update', step: 4 },
      20_000,
    );
    expect(renderProgress(state, plain)[0]).toMatch(/stopping$/);
  });

  test.each([20, 30, 40, 56, 80, 200])('never fills a terminal of %i columns', (width) => {
    const state = updateProgress(after(60), { type: 'warning', step: 1, message: 'long '.repeat(60) }, 0);
    for (const color of [false, true]) {
      const lines = renderProgress(state, { ...plain, width, color }).map(stripVTControlCharacters);
      expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThan(width);
    }
  });

  test('colours change no character', () => {
    const colored = renderProgress(after(60), { ...plain, color: true });
    expect(colored.join('')).toContain('\x1b[');
    expect(colored.map(stripVTControlCharacters)).toEqual(renderProgress(after(60), plain));
  });

  test('a full bar is full', () => {
    expect(renderProgress(after(100), plain)[0]).toMatch(/^█{24} 100\/100/);
  });
});
