import { describe, expect, test } from 'vitest';
import { at, completedRun, jsonLines, run } from '../fixtures/workspace.ts';

describe('eval', () => {
  test('of a model folder needs a dataset and rules', async () => {
    expect(await run('eval', at('model'), '--dataset', at('train.jsonl'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--rewards') as string,
    });
    expect(await run('eval', at('model'), '--rewards', at('rules.yaml'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--dataset') as string,
    });
    const { status, stdout } = await run(
      'eval',
      at('model'),
      '--dataset',
      at('train.jsonl'),
      '--rewards',
      at('rules.yaml'),
    );
    expect(status).toBe(0);
    expect(stdout).toContain('2 problems of');
    expect(stdout).toContain('Accuracy 50.0%');
  });

  test('of a run takes its newest checkpoint, dataset and rules', async () => {
    const id = await completedRun();
    const lines = jsonLines((await run('eval', id, '--samples', '1', '--json')).stdout);
    expect(lines).toMatchObject([
      { event: 'sample', row: 0, prompt: '1+1=', text: 'step-000003', scores: [{ rule: 'accuracy' }] },
      { event: 'result', dataset: at('train.jsonl'), samples: 1, metrics: { accuracy: 0.5 } },
    ]);
  });

  test('of nothing that exists', async () => {
    expect((await run('eval', './nowhere', '--rewards', at('rules.yaml'))).stderr).toContain(
      './nowhere does not exist.',
    );
    expect((await run('eval', '.', '--rewards', at('rules.yaml'))).stderr).toContain(
      '. is no model folder: it has no config.json.',
    );
    expect((await run('eval', 'no-such-run')).status).toBe(1);
  });
});
