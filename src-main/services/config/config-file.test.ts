import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grpoConfigSchema, sftConfigSchema } from '../../contract/config.ts';
import { rewardRuleSchema } from '../../contract/reward-rules.ts';
import { StudioError } from '../../contract/errors.ts';
import { ConfigError, readEvaluationConfig, readRunConfig, readSampleConfig } from './config-file.ts';
import { parseSetOption } from './config-source.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'grpo-studio-config-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const minimal = `model: models/tiny
dataset: train.jsonl
rewards:
  - name: accuracy
    type: answer_match
`;

function write(text: string): string {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return file;
}

function read(text: string, sets: string[] = []) {
  return readRunConfig('grpo', { file: write(text), overrides: sets.map(parseSetOption), cwd: '/somewhere' });
}

/** All types of rules, as a sentence lists them. */
const types = rewardRuleSchema.options.map(({ shape }) => shape.type.value).join(', ');

/** Line, field and sentence of every problem. */
async function problemsOf(action: () => Promise<unknown>): Promise<[number | undefined, string | undefined, string][]> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    const all = error instanceof ConfigError ? error.problems : [error];
    return all.map(({ where, message }) => [where.line, where.field, message]);
  }
  throw new Error('The config was taken as valid.');
}

describe('a valid file', () => {
  test('gets the defaults of the contract', async () => {
    const { type, config } = await read(minimal);
    expect(type).toBe('grpo');
    const paths = { model: join(folder, 'models/tiny'), dataset: join(folder, 'train.jsonl') };
    expect(config).toEqual(grpoConfigSchema.parse({ ...paths, rewards: [{ name: 'accuracy', type: 'answer_match' }] }));
  });

  test('of an sft run needs no rewards', async () => {
    const { config } = await readRunConfig('sft', { file: write('model: /m\ndataset: /d.jsonl\n'), overrides: [] });
    expect(config).toEqual(sftConfigSchema.parse({ model: '/m', dataset: '/d.jsonl' }));
  });

  test('takes 1e-6 and aliases as YAML does', async () => {
    const { config } = await read(`${minimal}learning_rate: 1e-6\nadam_epsilon: &small 1.0e-9\nweight_decay: *small\n`);
    expect(config).toMatchObject({ learning_rate: 1e-6, adam_epsilon: 1e-9, weight_decay: 1e-9 });
  });
});

describe('paths', () => {
  test('in the file start at its folder, on the command line at the working directory', async () => {
    const { config } = await read(minimal, ['eval_dataset=held/out.jsonl', 'dataset=../d.jsonl']);
    expect(config).toMatchObject({
      model: join(folder, 'models/tiny'),
      dataset: '/d.jsonl',
      eval_dataset: '/somewhere/held/out.jsonl',
    });
  });

  test('of reward models do so too; a judge has the name of a model', async () => {
    const rules =
      '  - {name: rm, type: reward_model, model: models/judge}\n  - {name: llm, type: judge, model: models/judge}\n';
    const models = async (sets: string[]) =>
      (await read(minimal + rules, sets)).config.rewards.map((rule) => ('model' in rule ? rule.model : null));
    expect(await models([])).toEqual([null, join(folder, 'models/judge'), 'models/judge']);
    expect(await models(['rewards.1.model=m', 'rewards.2.model=m'])).toEqual([null, '/somewhere/m', 'm']);
  });

  test('absolute ones stay, and ~ is the home folder', async () => {
    const { config } = await read(
      minimal.replace('models/tiny', '/models/tiny').replace('train.jsonl', '~/train.jsonl'),
    );
    expect(config).toMatchObject({ model: '/models/tiny', dataset: join(homedir(), 'train.jsonl') });
  });
});

describe('--set', () => {
  test('overrides the file, reaches into lists, and parses its value as YAML', async () => {
    const { config } = await read(`${minimal}seed: 4\n`, [
      'seed=5',
      'rewards.0.weight=0.5',
      'rewards.0.extract={type: tag, tag: answer}',
      'stop=["\\n\\n", END]',
      'name=a=b',
      'rewards.1.name=form',
      'rewards.1.type=format',
    ]);
    expect(config).toMatchObject({ seed: 5, stop: ['\n\n', 'END'], name: 'a=b' });
    expect(config.rewards).toMatchObject([
      { weight: 0.5, extract: { type: 'tag', tag: 'answer' } },
      { name: 'form', type: 'format', tags: ['think', 'answer'] },
    ]);
  });

  test('the later one wins', async () => {
    expect((await read(minimal, ['seed=5', 'seed=6'])).config.seed).toBe(6);
  });

  test('makes the groups of settings on its way', async () => {
    const { config } = await read(minimal, ['rewards.0.extract.type=tag', 'rewards.0.extract.tag=answer']);
    expect(config.rewards[0]).toMatchObject({ extract: { type: 'tag', tag: 'answer' } });
  });

  test.each([
    ['seed', '`--set seed` must look like key=value, for example --set max_steps=50.'],
    ['=3', '`--set =3` must look like key=value, for example --set max_steps=50.'],
    ['rewards..weight=1', '`--set rewards..weight=1` must look like key=value, for example --set max_steps=50.'],
    [
      'rewards.3.weight=1',
      '`--set rewards.3.weight=1` cannot be applied: `rewards` ends before entry 3; the next one is 1.',
    ],
    [
      'rewards.first.weight=1',
      '`--set rewards.first.weight=1` cannot be applied: `rewards` is a list; name an entry by its number, as in rewards.0.',
    ],
    [
      'dataset.x=1',
      `\`--set dataset.x=1\` cannot be applied: \`dataset\` holds "FOLDER/train.jsonl", which has no parts.`,
    ],
    ['seed=x', '`seed` must be a number, not the text "x". (--set seed=x)'],
    ['seeed=1', '`seeed` is not a setting of `grpo-studio train`. Did you mean `seed`? (--set seeed=1)'],
    [
      'rewards.0.wieght=1',
      '`wieght` is not a setting of `rewards.0`, which is of type answer_match. Did you mean `weight`? (--set rewards.0.wieght=1)',
    ],
  ])('%s: %s', async (set, message) => {
    const [[line, , sentence]] = (await problemsOf(() => read(minimal, [set]))) as [
      [number | undefined, string, string],
    ];
    expect(sentence.replace(folder, 'FOLDER')).toBe(message);
    expect(line).toBeUndefined();
  });

  test('a value that is not YAML is refused', async () => {
    expect((await problemsOf(() => read(minimal, ['stop=[a'])))[0]![2]).toMatch(
      /^The value in `--set stop=\[a` is not valid YAML: /,
    );
  });

  test('cannot reach the prototype of objects', async () => {
    expect((await problemsOf(() => read(minimal, ['__proto__.polluted=1'])))[0]![1]).toBe('__proto__');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('problems', () => {
  const cases: [string, string, number | undefined, string | undefined, string][] = [
    [
      'a misspelt key',
      'learing_rate: 1',
      6,
      'learing_rate',
      '`learing_rate` is not a setting of `grpo-studio train`. Did you mean `learning_rate`?',
    ],
    [
      'a key of the other run type',
      'batch_size: 4',
      6,
      'batch_size',
      '`batch_size` is not a setting of `grpo-studio train`. It is a setting of `grpo-studio sft`.',
    ],
    [
      'a key unlike all of many',
      'completely_unheard_of: 1',
      6,
      'completely_unheard_of',
      '`completely_unheard_of` is not a setting of `grpo-studio train`. None has a name like it.',
    ],
    ['text for a number', 'seed: two', 6, 'seed', '`seed` must be a number, not the text "two".'],
    ['a fraction for a whole number', 'max_steps: 1.5', 6, 'max_steps', '`max_steps` must be a whole number, not 1.5.'],
    ['a number for text', 'name: 7', 6, 'name', '`name` must be text, not 7.'],
    ['one text for a list', 'stop: END', 6, 'stop', '`stop` must be a list, not the text "END".'],
    ['nothing', 'top_p:', 6, 'top_p', '`top_p` must be a number, not empty.'],
    ['a value below its bound', 'temperature: 0', 6, 'temperature', '`temperature` must be greater than 0, not 0.'],
    ['a value above its bound', 'top_p: 1.5', 6, 'top_p', '`top_p` must be at most 1, not 1.5.'],
    ['a group of one', 'num_generations: 1', 6, 'num_generations', '`num_generations` must be at least 2, not 1.'],
    [
      'an unknown name',
      'backend: natve',
      6,
      'backend',
      '`backend` must be one of auto, native, tensorflow, cpu, not the text "natve". Did you mean `native`?',
    ],
    [
      'an empty entry on a line of its own',
      'stop:\n  - a\n  - ""',
      8,
      'stop.1',
      '`stop.1` must be text that is not empty, not empty text.',
    ],
    ['the same key twice', 'seed: 1\nseed: 2', 7, undefined, 'The file is not valid YAML: Map keys must be unique.'],
  ];
  test.each(cases)('%s', async (_what, text, line, field, message) => {
    expect(await problemsOf(() => read(minimal + text))).toEqual([[line, field, message]]);
  });

  const rules: [string, string, number, string, string][] = [
    [
      'an unknown type of rule',
      '- {name: a, type: answer_mach}',
      4,
      'rewards.0.type',
      `\`rewards.0.type\` must be one of ${types}, not the text "answer_mach". Did you mean \`answer_match\`?`,
    ],
    ['no type', '- name: a', 4, 'rewards.0.type', `\`type\` is missing in \`rewards.0\`: one of ${types}.`],
    [
      'a field of another type of rule',
      '- name: a\n    type: regex\n    pattern: x\n    compare: numeric',
      7,
      'rewards.0.compare',
      '`compare` is not a setting of `rewards.0`, which is of type regex. It has: name, weight, enabled, clip, metric_only, type, extract, pattern, ignore_case, multiline, dot_all.',
    ],
    [
      'a misspelt field that is needed, told once',
      '- name: a\n    type: regex\n    patern: x',
      6,
      'rewards.0.patern',
      '`patern` is not a setting of `rewards.0`, which is of type regex. Did you mean `pattern`?',
    ],
    [
      'a field that is missing',
      '- name: a\n    type: regex',
      4,
      'rewards.0.pattern',
      '`pattern` is missing in `rewards.0`: a regular expression of RE2: no lookaround, no backreferences.',
    ],
    [
      'a bad name',
      '- name: a b\n    type: format',
      4,
      'rewards.0.name',
      '`rewards.0.name` must be letters, digits, _, . and - only, not the text "a b".',
    ],
    [
      'text for a group of settings',
      '- name: a\n    type: answer_match\n    extract: text',
      6,
      'rewards.0.extract',
      '`rewards.0.extract` must be a group of settings, not the text "text".',
    ],
    [
      'a field missing deep inside',
      '- name: a\n    type: answer_match\n    extract: {type: tag}',
      6,
      'rewards.0.extract.tag',
      '`tag` is missing in `rewards.0.extract`: its name without brackets, such as answer.',
    ],
    [
      'an empty list',
      '- name: a\n    type: format\n    tags: []',
      6,
      'rewards.0.tags',
      '`rewards.0.tags` must be a list of at least 1 entry, not an empty list.',
    ],
  ];
  test.each(rules)('in rules: %s', async (_what, rule, line, field, message) => {
    expect(await problemsOf(() => read(`model: m\ndataset: d\nrewards:\n  ${rule}\n`))).toEqual([
      [line, field, message],
    ]);
  });

  test('missing settings are explained', async () => {
    expect(await problemsOf(() => read('seed: 1\n'))).toEqual([
      [
        undefined,
        'model',
        '`model` is missing: folder of a Hugging Face checkpoint: config.json, model.safetensors, tokenizer.json.',
      ],
      [undefined, 'dataset', '`dataset` is missing: JSONL file to train on.'],
      [undefined, 'rewards', '`rewards` is missing: rules whose weighted sum is the reward.'],
    ]);
  });

  test('all are told, in the order of the file', async () => {
    const lines = (await problemsOf(() => read(`${minimal}top_p: 2\nsede: 1\nmax_steps: no\n`))).map(([line]) => line);
    expect(lines).toEqual([6, 7, 8]);
  });

  test('the error names the file and is of code config_invalid', async () => {
    const file = write(`${minimal}top_p: 2\n`);
    const error = await readRunConfig('grpo', { file, overrides: [] }).then(
      () => expect.unreachable('The config was taken as valid.'),
      (thrown: unknown) => thrown as StudioError,
    );
    expect(error.toRecord()).toEqual({
      code: 'config_invalid',
      message: '`top_p` must be at most 1, not 2.',
      path: file,
      line: 6,
      field: 'top_p',
    });
  });

  test('rules that the schema cannot see through name their line too', async () => {
    const twice = `${minimal}  - {name: accuracy, type: format}\n`;
    expect(await problemsOf(() => read(twice))).toEqual([
      [6, 'rewards.1.name', 'rewards.0 and rewards.1 are both named "accuracy". Names must differ.'],
    ]);
    const [[line, field]] = await problemsOf(() => read(`${minimal}  - {name: shape, type: regex, pattern: "("}\n`));
    expect([line, field]).toEqual([6, 'rewards.1.pattern']);
  });

  test('a file that is no mapping, is broken, empty or absent', async () => {
    expect(await problemsOf(() => read('- a\n'))).toEqual([
      [1, undefined, 'A config file holds settings as `key: value` lines, one per line.'],
    ]);
    expect((await problemsOf(() => read('model: m\nstop: [a\nseed: 1\n')))[0]![2]).toMatch(
      /^The file is not valid YAML: /,
    );
    expect(await problemsOf(() => read(''))).toHaveLength(3);
    expect(await problemsOf(() => readRunConfig('grpo', { file: '/no/such.yaml', overrides: [] }))).toEqual([
      [undefined, undefined, 'The config file /no/such.yaml does not exist.'],
    ]);
    expect((await problemsOf(() => readRunConfig('grpo', { file: folder, overrides: [] })))[0]![2]).toMatch(
      / is a folder\.$/,
    );
  });
});

describe('eval and sample', () => {
  test('eval takes a file with rules alone, and the config of either run type', async () => {
    const rules = 'rewards:\n  - {name: a, type: format}\n';
    expect(
      await readEvaluationConfig({ file: write(`${rules}max_completion_length: 9\n`), overrides: [] }),
    ).toMatchObject({
      max_completion_length: 9,
      eval_samples: 256,
      backend: 'auto',
    });
    expect((await readEvaluationConfig({ file: write(minimal), overrides: [] })).rewards).toHaveLength(1);
    expect(
      (await readEvaluationConfig({ file: write(`model: m\ndataset: d\nbatch_size: 3\n${rules}`), overrides: [] }))
        .rewards,
    ).toHaveLength(1);
    expect((await problemsOf(() => readEvaluationConfig({ file: write('seed: 1\n'), overrides: [] })))[0]![1]).toBe(
      'rewards',
    );
  });

  test('eval lays a rules file over the settings of a run', async () => {
    const base = (await read(`${minimal}max_completion_length: 12\n`)).config;
    const file = write('rewards:\n  - {name: other, type: format}\n');
    const config = await readEvaluationConfig({ base, file, overrides: [] });
    expect(config.rewards.map(({ name }) => name)).toEqual(['other']);
    expect(config.max_completion_length).toBe(12);
  });

  test('sample begins with the sampling settings of the run, and one completion', async () => {
    const run = await read(`${minimal}temperature: 0.7\nseed: 4\nbackend: native\n`);
    const config = await readSampleConfig([parseSetOption('top_k=5')], run);
    expect(config).toMatchObject({ temperature: 0.7, top_k: 5, seed: 4, num_generations: 1, backend: 'auto' });
    expect(
      await problemsOf(() => readSampleConfig([{ path: ['temperature'], value: 'hot', origin: '--temperature hot' }])),
    ).toEqual([[undefined, 'temperature', '`temperature` must be a number, not the text "hot". (--temperature hot)']]);
  });
});
