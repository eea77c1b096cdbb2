import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { at, completedRun, result, run } from '../fixtures/workspace.ts';

function file(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

const tagged = '- {name: accuracy, type: answer_match, extract: {type: tag, tag: answer}}\n';

describe('rewards test', () => {
  test('--on dataset asks for perfect answers', async () => {
    const { status, stdout } = await run('rewards', 'test', 'arithmetic', '--on', 'dataset', at('train.jsonl'));
    expect(status).toBe(0);
    expect(stdout).toContain('A perfect answer gets the best score in 2 of 2 rows (accuracy, format).');
    expect(stdout).toMatch(/^accuracy {2,}answer_match {2,}1\.000 {2,}1\.000/m);
  });

  test('--on dataset fails when one does not get the maximum', async () => {
    const dataset = file('wrong.jsonl', '{"prompt": "1+1=", "answer": "2", "completion": "two"}\n');
    const { status, stdout } = await run(
      'rewards',
      'test',
      file('rules.list.yaml', tagged),
      '--on',
      'dataset',
      dataset,
    );
    expect(status).toBe(1);
    expect(stdout).toContain('row 0: two\n    accuracy gives 0 in place of 1.000: no <answer> tag in the completion');
  });

  test('--on text scores a group of texts', async () => {
    const words = [
      'rewards',
      'test',
      'arithmetic',
      '--on',
      'text',
      '<answer>3</answer>',
      '3',
      '--dataset',
      at('train.jsonl'),
      '--row',
      '1',
    ];
    const { status, stdout } = await run(...words);
    expect(status).toBe(0);
    expect(stdout).toContain('row 1, 1+2=');
    expect(stdout).toContain('<answer>3</answer>  reward 1.000, advantage 0.707');
    const { samples } = await result(...words);
    expect(samples).toMatchObject([{ row: 1, completions: [{ reward: 1 }, { reward: 0 }] }]);
  });

  test('--on run scores what it sampled, and rescore compares', async () => {
    const id = await completedRun();
    const { groups, completions } = await result('rewards', 'test', id, '--on', 'run', id, '--step', '2');
    expect([groups, completions]).toEqual([1, 2]);
    const { stdout } = await run('rewards', 'rescore', id, '--with', id);
    expect(stdout).toContain('The best completion changes in 0 of 3 groups.');
    const opposite = file('opposite.json', '[{"name": "accuracy", "type": "answer_match", "weight": -1}]');
    expect(await result('rewards', 'rescore', id, '--with', opposite)).toMatchObject({
      spearman: { withinGroups: -1 },
      best: { compared: 3, changed: 3 },
    });
  });

  test.each([
    [['--on', 'text', 'a', '--row', '1'], '--row names a row of --dataset, which is missing.'],
    [['--on', 'text', 'a', '--dataset', 'TRAIN', '--row', '2'], '--row must be a whole number from 0 to 1, not 2.'],
    [['--on', 'dataset', 'TRAIN', 'TRAIN'], '--on dataset takes one name, not 2.'],
    [['--on', 'run', 'none'], 'There is no run none.'],
  ])('%j', async (words, message) => {
    const paths = words.map((word) => (word === 'TRAIN' ? at('train.jsonl') : word));
    const { status, stderr } = await run('rewards', 'test', 'arithmetic', ...paths);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });
});

describe('sets', () => {
  test('are saved, listed, shown and compared', async () => {
    const set = file('set.yaml', `rewards:\n${tagged}`);
    expect(await result('rewards', 'save', set, '--name', 'mine')).toMatchObject({ name: 'mine', version: 1 });
    expect(await result('rewards', 'save', 'arithmetic', '--name', 'mine')).toMatchObject({ version: 2 });
    expect((await run('rewards', 'list')).stdout).toMatch(/^mine {2,}2 {2,}[0-9a-f]{8}/m);
    expect((await run('rewards', 'show', 'mine@1')).stdout).toMatch(/^accuracy {2,}answer_match {2,}1\.000/m);
    expect((await run('rewards', 'diff', set, 'mine')).stdout).toBe(
      '~ accuracy\n    compare: "exact" → "numeric"\n+ format\n',
    );
    expect((await run('rewards', 'diff', 'mine@1', set)).stdout).toBe('No differences.\n');
  });

  test.each([
    [
      'a mistyped setting',
      '# rules\n- name: a\n  type: answer_match\n  comparee: exact\n',
      ':4 (rewards.0.comparee)',
      'Did you mean `compare`?',
    ],
    [
      'a pattern',
      'rewards:\n- name: a\n  type: regex\n  pattern: "("\n',
      ':4 (rewards.0.pattern)',
      'missing closing )',
    ],
    [
      'a script',
      '[{"name": "a", "type": "javascript",\n"source": "let x;\\n x x"}]',
      ':2 (rewards.0.source)',
      'Line 2, column',
    ],
    ['no list', 'name: a\n', ':1', 'A rule set is a list of rules'],
    ['no YAML', '- {name: [}\n', ':1', 'The file is neither YAML nor JSON'],
  ])('a file with %s', async (_, text, place, message) => {
    const { status, stderr } = await run('rewards', 'show', file('broken.yaml', text));
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`broken.yaml${place}`);
  });

  test('that are not there', async () => {
    expect((await run('rewards', 'show', 'gsm8')).stderr).toContain('There is no rule set gsm8. Did you mean gsm8k?');
    expect((await run('rewards', 'show', 'none.yaml')).stderr).toContain('The rule set none.yaml does not exist.');
    expect((await run('rewards', 'save', 'gsm8k', '--name', 'a b')).stderr).toContain('--name takes letters, digits');
  });
});
