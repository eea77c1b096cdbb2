import { expect, test } from 'vitest';
import type { ScoringWarning } from '../../rewards/reward-scorer.ts';
import { grpo } from '../fixtures/training.ts';
import { RunWarnings } from './run-warnings.ts';

const metrics = {
  reward: 1,
  'rewards/accuracy/mean': 0.5,
  'rewards/accuracy/std': 0.4,
  'rewards/format/mean': 0,
  'rewards/format/std': 0,
  'completions/mean_length': 30,
};

test('completions without a score are told at once, then counted and told again later, and at the end', () => {
  let failures: ScoringWarning[] = [];
  const scorer = {
    takeWarnings() {
      const taken = failures;
      failures = [];
      return taken;
    },
  };
  const warnings = new RunWarnings(grpo(), scorer);
  const told: [number, string][] = [];
  for (let step = 1; step <= 14; step++) {
    failures.push({ rule: 'judge', message: 'refused', count: 2, of: 6 });
    for (const event of warnings.afterStep({ step, metrics: {} })) told.push([event.step, event.message]);
  }
  failures = [
    { rule: 'judge', message: 'refused', count: 2, of: 9 },
    { rule: 'judge', message: 'timed out', count: 3, of: 9 },
    { rule: 'judge', message: 'no cache', count: 0, of: 9 },
    { rule: 'script', message: 'threw', count: 1, of: 9 },
  ];
  for (const event of warnings.atEnd(14)) told.push([event.step, event.message]);
  expect(told.map(([step]) => step)).toEqual([1, 11, 14, 14, 14]);
  expect(told[0][1]).toBe('rule judge: 2 of 6 completions could not be scored: refused');
  expect(told[2][1]).toBe('rule judge: no cache');
  expect(told[3][1]).toBe('rule judge: 5 of 9 completions could not be scored: timed out (3); refused (2)');
  expect(told[4][1]).toBe('rule script: 1 of 9 completions could not be scored: threw');
});

test('what the watchers see is told as it begins, and not in every step', () => {
  const warnings = new RunWarnings(grpo(), { takeWarnings: () => [] });
  const told: number[] = [];
  for (let step = 1; step <= 80; step++) {
    for (const event of warnings.afterStep({ step, metrics })) {
      expect(event.message).toMatch(/^Rule (format never fired|accuracy decides almost alone)\. In steps \d+ to \d+ /);
      if (event.message.includes('never fired')) told.push(event.step);
    }
  }
  expect(told).toEqual([20, 70]);
});

test('that layers are computed again is told once, and not where the config asks for it', () => {
  const told = (gradient_checkpointing: boolean | 'auto'): number[] => {
    const warnings = new RunWarnings(grpo({ gradient_checkpointing }), { takeWarnings: () => [] });
    return [0, 700, 700].flatMap((tokens, step) =>
      [...warnings.afterStep({ step, metrics: { 'memory/recomputed_tokens': tokens } })].map((event) => event.step),
    );
  };
  expect(told('auto')).toEqual([1]);
  expect(told(true)).toEqual([]);
});
