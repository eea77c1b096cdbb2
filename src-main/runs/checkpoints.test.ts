import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listCheckpoints, newestCheckpoint, pruneCheckpoints, removeCheckpointsAfter } from './checkpoints.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'grpo-checkpoints-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function make(...names: string[]): void {
  for (const name of names) mkdirSync(join(directory, 'checkpoints', name), { recursive: true });
}

test('a run without checkpoints has none', () => {
  expect(listCheckpoints(directory)).toEqual([]);
  expect(newestCheckpoint(directory, 100)).toBeNull();
  removeCheckpointsAfter(directory, 0);
});

test('only complete folders count, in the order of their steps', () => {
  make('step-000010', 'step-000009', 'step-1000000', '.tmp-step-000020', 'step-12', 'other');
  writeFileSync(join(directory, 'checkpoints', 'step-000030'), 'a file');
  expect(listCheckpoints(directory).map(({ step }) => step)).toEqual([9, 10, 1000000]);
  expect(newestCheckpoint(directory, 11)).toEqual({ step: 10, path: join(directory, 'checkpoints', 'step-000010') });
  expect(newestCheckpoint(directory, 10)?.step).toBe(10);
  expect(newestCheckpoint(directory, 8)).toBeNull();
});

test('checkpoints after a step are deleted with what they hold', () => {
  make('step-000002', 'step-000004', '.tmp-step-000006');
  writeFileSync(join(directory, 'checkpoints', 'step-000004', 'model.safetensors'), 'weights');
  removeCheckpointsAfter(directory, 2);
  expect(listCheckpoints(directory).map(({ step }) => step)).toEqual([2]);
});

test('the newest are kept of those that are recorded, and what the engine wrote ahead of that', () => {
  make('step-000002', 'step-000004', 'step-000006', 'step-000008', 'step-1000000');
  pruneCheckpoints(directory, 6, 2);
  expect(listCheckpoints(directory).map(({ step }) => step)).toEqual([4, 6, 8, 1000000]);
});
