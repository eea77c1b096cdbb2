/** The leak test of the engine as a whole: a real run, every op and kernel it uses, step after step. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { grpoConfigSchema } from '../contract/config.ts';
import { CommandQueue } from './command-queue.ts';
import { trainingLoop } from './loop.ts';
import type { StartCommand } from './open-run.ts';
import { probe } from './tensor/native-backend.ts';

const { available, why } = await probe();
const skipped = available ? '' : ` (skipped: ${why})`;

test.skipIf(!available)(`tensors and bytes stay constant over 100 GRPO steps${skipped}`, async () => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'leak-'));
  const config = grpoConfigSchema.parse({
    model: join(import.meta.dirname, '../../resources/models/starter'),
    dataset: 'unused',
    backend: 'native',
    rewards: [{ name: 'accuracy', type: 'answer_match', extract: { type: 'tag', tag: 'answer' } }],
    max_steps: 101,
    prompts_per_step: 1,
    num_generations: 2,
    max_completion_length: 6,
    save_steps: 0,
  });
  const row = { index: 0, prompt: [{ role: 'user', content: 'What is 58 + 67?' }], columns: { answer: '125' } };
  const counts: unknown[] = [];
  const start: StartCommand = {
    type: 'start',
    run: { type: 'grpo', config },
    trainRows: [row],
    evalRows: [],
    runDirectory,
    resumeFrom: null,
  };
  for await (const event of trainingLoop(start, new CommandQueue())) {
    if (event.type !== 'step') continue;
    const { metrics } = event.record;
    counts.push([metrics['memory/tensors'], metrics['memory/tensor_bytes']]);
  }
  rmSync(runDirectory, { recursive: true });
  expect(counts).toHaveLength(101);
  expect(new Set(counts.slice(1).map(String))).toEqual(new Set([String(counts[0])]));
});
