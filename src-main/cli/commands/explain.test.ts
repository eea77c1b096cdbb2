import { describe, expect, test } from 'vitest';
import { at, completedRun, result, run } from '../fixtures/workspace.ts';

describe('explain', () => {
  test('puts the newest step in words', async () => {
    const id = await completedRun();
    const { stdout, status } = await run('explain', id);
    expect(status).toBe(0);
    for (const part of [
      `Run ${id}`,
      ', step 3\n',
      '\n\nLoss\n  The run did not record the terms of its loss.\n',
      '\n\nGroups\n',
      'of 1 group: 0 all right, 0 all wrong\n  and 1 mixed.',
      '\n    push  from A  from KL  probability  row   text before  token\n  +1.000  +1.000',
      '\n\nWarnings\n  None in 3 steps, looked for: ',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  test('--json is the whole explanation in one line', async () => {
    const id = await completedRun();
    const { step, warnings, run: explained } = await result('explain', id, '2');
    expect(explained).toMatchObject({ id, type: 'grpo', status: 'completed' });
    expect(step).toMatchObject({
      type: 'grpo',
      step: 2,
      groups: { mixed: 1 },
      tokens: { pushes: [{ coefficient: 1 }, {}] },
    });
    expect(warnings).toEqual([]);
  });

  test('a supervised run', async () => {
    const id = String((await result('sft', at('sft.yaml')))['run_id']);
    expect((await run('explain', id)).stdout).toContain('\n\nLoss\n  The run did not record its loss.\n');
  });

  test('a step that is not there', async () => {
    const id = await completedRun();
    expect(await run('explain', id, '9')).toMatchObject({
      status: 2,
      stderr: `error: Run ${id} has no step 9: they end at 3.\n`,
    });
    expect((await run('explain', id, 'two')).stderr).toContain('STEP must be a whole number from 1 on, not "two".');
  });
});
