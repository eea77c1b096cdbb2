/** The engine as the desktop app ships it: bundled into out/main, with its worker threads beside it. Electron is not needed to run it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'playwright/test';
import { grpoConfigSchema } from '../../src-main/contract/config.ts';
import type { EngineEvent } from '../../src-main/contract/engine.ts';
import { createForkLauncher } from '../../src-main/runs/fork-launcher.ts';

const root = join(import.meta.dirname, '../..');

test('the bundled engine trains, with rules that run in its worker threads', async () => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'grpo-built-'));
  const config = grpoConfigSchema.parse({
    model: join(root, 'resources/models/starter'),
    dataset: 'given below',
    max_steps: 1,
    prompts_per_step: 1,
    num_generations: 2,
    save_steps: 0,
    rewards: [
      {
        name: 'script',
        type: 'javascript',
        source: 'const score = ({ completion }) => Number(completion.length > 0);',
      },
      { name: 'math', type: 'math', extract: { type: 'tag', tag: 'answer' } },
      { name: 'english', type: 'language', language: 'en' },
    ],
  });
  const events: EngineEvent[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const engine = createForkLauncher({ entry: join(root, 'out/main/engine.js') })(
        (event) => {
          events.push(event);
          if (event.type === 'finished' || event.type === 'failed') resolve();
        },
        (exit) => reject(new Error(`the engine ended before its run: ${JSON.stringify(exit)}`)),
      );
      engine.send({
        type: 'start',
        run: { type: 'grpo', config },
        trainRows: [{ index: 0, prompt: [{ role: 'user', content: 'What is 12 + 30?' }], columns: { answer: '42' } }],
        evalRows: [],
        runDirectory,
        resumeFrom: null,
      });
    });
  } finally {
    rmSync(runDirectory, { recursive: true, force: true });
  }
  expect(events.at(-1)).toEqual({ type: 'finished', step: 1, reason: 'completed' });
  expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
  const completions = events.flatMap((event) =>
    event.type === 'step' ? event.record.groups.flatMap((group) => group.completions) : [],
  );
  expect(completions).toHaveLength(2);
  for (const { scores } of completions) {
    expect(scores[0]).toMatchObject({ rule: 'script', score: 1 });
    expect(scores.map(({ score }) => typeof score)).toEqual(['number', 'number', 'number']);
  }
});
