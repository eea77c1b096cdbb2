import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { model } from '../fixtures/training.ts';
import type { Policy } from '../model/policy.ts';
import type { Optimizer } from './optimizer.ts';
import { saveCheckpoint, type TrainerState } from './checkpoint.ts';

test('a checkpoint that cannot be written says what to do and leaves nothing behind', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  const saved = saveCheckpoint(parent, {
    modelFolder: model,
    policy: { adapter: null } as Policy,
    optimizer: {} as Optimizer,
    state: { step: 3 } as TrainerState,
    reference: null,
    texts: { 'no-such-folder/file': '' }, // as when the disk is full after the first files
  });
  await expect(saved).rejects.toMatchObject({
    code: 'io_failed',
    message: expect.stringMatching(/step-000003 cannot be saved \(ENOENT.*resume the run\.$/),
  });
  expect(readdirSync(parent)).toEqual([]);
  rmSync(parent, { recursive: true });
});
