import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { at, completedRun, jsonLines, result, run } from '../fixtures/workspace.ts';

describe('runs', () => {
  test('list shows every run, and its JSON is a run a line', async () => {
    await completedRun();
    await result('sft', at('sft.yaml'));
    const runs = jsonLines((await run('runs', 'list', '--json')).stdout);
    const table = (await run('runs', 'list')).stdout.trim().split('\n');
    expect(runs).toHaveLength(2);
    expect(table[0]).toMatch(/^RUN +NAME +TYPE +STATUS +STEP +REWARD +BEFORE +AFTER +CREATED$/);
    expect(table.slice(1).map((line) => line.split(' ')[0])).toEqual(runs.map(({ id }) => id));
  });

  test('list of an empty data folder says so', async () => {
    const empty = at('empty');
    expect((await run('runs', 'list', '--data-dir', empty)).stdout).toBe(
      `No runs yet in ${join(empty, 'studio.sqlite')}.\n`,
    );
    expect((await run('runs', 'list', '--data-dir', empty, '--json')).stdout).toBe('');
  });

  test('show prints settings, metrics, evaluations and the ends of a step, with why', async () => {
    const id = await completedRun();
    const { stdout, status } = await run('runs', 'show', id, '--step', '2');
    expect(status).toBe(0);
    for (const part of [
      `Run ${id}`,
      'status   completed, 3 of 3 steps',
      '  max_steps: 3',
      'step  reward  rewards/accuracy/mean     kl  entropy',
      '   2   0.667                  0.667  0.010    1.500',
      'after step  accuracy  reward',
      '         3     75.0%   0.750',
      'after step 0  warning: This engine is made up.',
      'Highest advantage in step 2',
      'row 0  advantage 1.000  reward 1.000  ended by eos',
      '    accuracy 1.000: It says 2.',
      'Lowest advantage in step 2',
      'completion: \\x1b[31m3',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain('\x1b');
  });

  test('show --json holds all of a step as lists', async () => {
    const id = await completedRun();
    const shown = await result('runs', 'show', id);
    expect(shown['step']).toMatchObject({
      step: 3,
      groups: [{ promptTokens: [5], completions: [{ tokens: [1, 2], samplingLogps: [-1, -2] }, {}] }],
    });
    expect((shown['metrics'] as Record<string, unknown[]>)['kl']).toHaveLength(3);
  });

  test('a step that is not there', async () => {
    const id = await completedRun();
    expect(await run('runs', 'show', id, '--step', '9')).toMatchObject({
      status: 2,
      stderr: `error: Run ${id} has no step 9: they end at 3.\n`,
    });
    expect((await run('runs', 'show', id, '--step', 'two')).stderr).toContain(
      '--step must be a whole number from 1 on, not "two".',
    );
  });
});
