import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRun } from './check-run.ts';
import { fromYaml, toYaml } from './run-yaml.ts';

let folder: string;
let values: Record<string, unknown>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'grpo-check-run-'));
  writeFileSync(join(folder, 'config.json'), '{}');
  writeFileSync(join(folder, 'train.jsonl'), '');
  values = {
    model: folder,
    dataset: join(folder, 'train.jsonl'),
    rewards: [{ name: 'exact', type: 'answer_match' }],
  };
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('checkRun', () => {
  test('fills in the defaults and the preset, and says what the preset set', async () => {
    const check = await checkRun('grpo', { ...values, preset: 'dr_grpo', scale_rewards: 'group' });
    expect(check.problems).toEqual([]);
    expect(check.config).toMatchObject({ loss_type: 'dr_grpo', scale_rewards: 'group', beta: 0, epsilon: 0.2 });
    expect(check.fromPreset).toEqual({ loss_type: 'dr_grpo', beta: 0 });
  });

  test('names every field that is wrong, in a rule as well', async () => {
    const rewards = [{ name: 'exact', type: 'regex', pattern: '(' }];
    const fieldsOf = async (given: Record<string, unknown>) =>
      (await checkRun('grpo', given)).problems.map(({ field }) => field);
    expect(await fieldsOf({ ...values, learning_rate: -1, max_steps: 'two' })).toEqual(['max_steps', 'learning_rate']);
    expect(await fieldsOf({ ...values, rewards })).toEqual(['rewards.0.pattern']);
    expect(await fieldsOf({ ...values, loss_type: 'cispo' })).toEqual(['epsilon_high']);
    expect(await fieldsOf({})).toEqual(['model', 'dataset', 'rewards']);
  });

  test('wants whole paths that exist, and a model folder for the model', async () => {
    const messageOf = async (given: Record<string, unknown>) =>
      (await checkRun('sft', { ...values, ...given })).problems.map(({ message }) => message);
    expect(await messageOf({ dataset: 'data/train.jsonl' })).toEqual([
      'data/train.jsonl is only a part of a path; give the whole one, from its root on.',
    ]);
    expect(await messageOf({ dataset: join(folder, 'gone.jsonl') })).toEqual([
      `${join(folder, 'gone.jsonl')} does not exist.`,
    ]);
    expect(await messageOf({ model: tmpdir() })).toEqual([`${tmpdir()} is no model folder: it has no config.json.`]);
  });

  test('takes the name of a model in the library for its path', async () => {
    const { config } = await checkRun('grpo', { ...values, model: 'tiny' }, [{ name: 'tiny', path: folder }]);
    expect(config?.model).toBe(folder);
  });
});

describe('YAML', () => {
  test('goes out in the order of the contract and comes back the same', async () => {
    const text = toYaml('grpo', { ...values, beta: 0, name: 'a: b' });
    expect(text.split('\n')[0]).toBe('# grpo-studio train THIS-FILE.yaml');
    expect([...text.matchAll(/^(\w+):/gm)].map(([, key]) => key)).toEqual([
      'model',
      'dataset',
      'name',
      'rewards',
      'beta',
    ]);
    expect(await fromYaml('grpo', text)).toEqual({ values: { ...values, beta: 0, name: 'a: b' }, problems: [] });
  });

  test('has its problems at their lines', async () => {
    const text = `${toYaml('grpo', values)}learning_rat: 1\n`;
    const { problems } = await fromYaml('grpo', text);
    expect(problems).toMatchObject([{ field: 'learning_rat', line: text.split('\n').length - 1 }]);
    const broken = await fromYaml('grpo', 'model: /m\nrewards: [\n');
    expect(broken).toMatchObject({ values: null, problems: [{ field: '', line: 3 }] });
    expect((await fromYaml('grpo', 'just text')).problems[0].message).toContain('key: value');
  });
});
