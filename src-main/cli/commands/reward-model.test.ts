import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { at, result, run, runProcess } from '../fixtures/workspace.ts';

beforeAll(() => {
  writeFileSync(at('pairs.jsonl'), '{"prompt": "1+1=", "chosen": "2", "rejected": "3"}\n');
  writeFileSync(at('judge.yaml'), 'model: model\ndataset: pairs.jsonl\nmax_steps: 2\nbatch_size: 1\n');
});

describe('reward-model', () => {
  test('makes a run of its own type', async () => {
    const { status, stdout } = await run('reward-model', at('judge.yaml'), '--name', 'judge');
    expect(status).toBe(0);
    expect(stdout).toMatch(/\(judge\): Reward model on .*model, 2 steps of 1 row/);
    expect(stdout).toContain('Completed 2 steps');
    expect((await run('runs', 'list')).stdout).toMatch(/ judge +reward_model +completed /);
    expect(await result('runs', 'show', 'judge')).toMatchObject({ run: { run: { type: 'reward_model' } } });
    expect((await run('runs', 'show', 'judge')).status).toBe(0);
    const evaluated = await run('eval', 'judge');
    expect(evaluated.status).toBe(1);
    expect(evaluated.stderr).toContain('trains a reward model, which scores completions and cannot write them');
  });

  test('stops and says how to resume', async () => {
    const words = ['reward-model', at('judge.yaml'), '--name', 'endless', '--set', 'max_steps=2000'];
    const { status, stdout } = await runProcess(words, ['step 20/']);
    expect(status).toBe(130);
    expect(stdout).toContain('Resume it with: grpo-studio reward-model --resume ');
  });

  test('refuses the settings of other runs, and says whose they are', async () => {
    const { status, stderr } = await run('reward-model', at('judge.yaml'), '--set', 'beta=0.1');
    expect(status).toBe(2);
    expect(stderr).toContain('`beta` is not a setting of `grpo-studio reward-model`. It is a setting of');
    expect((await run('reward-model', at('judge.yaml'), '--set', 'num_generations=4')).status).toBe(2);
  });

  test('refuses rows that are neither ranked nor scored before a run is made', async () => {
    const words = ['reward-model', at('judge.yaml'), '--name', 'wrong', '--set', `dataset=${at('train.jsonl')}`];
    const { status, stderr } = await run(...words);
    expect(status).toBe(1);
    expect(stderr).toContain('row 0 of dataset has neither the columns chosen and rejected');
    expect((await run('runs', 'list')).stdout).not.toContain('wrong');
  });

  test('its help lists its settings', async () => {
    const { stdout } = await run('reward-model', '--help');
    expect(stdout).toMatch(/dataset +required +JSONL file of ranked rows/);
    expect(stdout).not.toContain('num_generations');
  });
});
