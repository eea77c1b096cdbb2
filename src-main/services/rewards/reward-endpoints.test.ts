/** The endpoints of rule sets, on a store with one run. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointInputs, type EndpointInput, type EndpointOutputs } from '../../contract/api.ts';
import type { RewardOutputs } from '../../contract/api/rewards.ts';
import type { Job } from '../../contract/api/jobs.ts';
import { rewardRuleSchema } from '../../contract/reward-rules.ts';
import { rewardPresets } from '../../rewards/presets.ts';
import { Jobs } from '../jobs.ts';
import type { StudioContext } from '../studio-context.ts';
import { recordedRun, runId, type RecordedRun } from './fixtures/recorded-run.ts';
import { rewardEndpoints } from './reward-endpoints.ts';

let recorded: RecordedRun;
let endpoints: ReturnType<typeof rewardEndpoints>;
const changes: Job[] = [];
let onChange: (job: Job) => void = () => undefined;

beforeAll(async () => {
  recorded = await recordedRun();
  const { store, folder } = recorded;
  const jobs = new Jobs((job) => {
    changes.push(job);
    onChange(job);
  });
  endpoints = rewardEndpoints({ store, jobs, dataDirectory: folder } as unknown as StudioContext, 0);
});
afterAll(() => {
  recorded.store.close();
  rmSync(recorded.folder, { recursive: true });
});

type Name = keyof RewardOutputs;

/** Calls as a host does: the input is checked, and everything passes through JSON. */
async function call<N extends Name>(name: N, input: EndpointInput<N>, signal = new AbortController().signal) {
  const checked = endpointInputs[name].parse(input);
  const endpoint = endpoints[name] as unknown as (input: unknown, signal: AbortSignal) => Promise<EndpointOutputs[N]>;
  return JSON.parse(JSON.stringify(await endpoint(checked, signal))) as EndpointOutputs[N];
}

const exact = { name: 'exact', type: 'answer_match' };

describe('sets', () => {
  test('presets, by name', async () => {
    const presets = await call('list-reward-presets', null);
    expect(presets.map(({ name }) => name)).toEqual(Object.keys(rewardPresets));
    expect(presets[0].rules[0]).toMatchObject({ name: 'accuracy', enabled: true });
    expect(await call('read-reward-set', { set: 'gsm8k' })).toMatchObject({ origin: 'preset', hash: null });
  });

  test('are saved in versions, which are found by number and hash', async () => {
    const first = await call('save-reward-set', { name: 'mine', rules: [exact] });
    const same = await call('save-reward-set', { name: 'mine', rules: [{ ...exact, weight: 1 }] });
    const second = await call('save-reward-set', { name: 'mine', rules: [{ ...exact, weight: 2 }] });
    expect([first.version, same.version, second.version]).toEqual([1, 1, 2]);
    expect(await call('list-reward-sets', null)).toEqual([second]);
    expect(await call('reward-set-history', { name: 'mine' })).toEqual([second, first]);
    const weight = async (set: string) => (await call('read-reward-set', { set })).rules[0].weight;
    expect(await weight('mine')).toBe(2);
    expect(await weight('mine@1')).toBe(1);
    expect(await weight(`mine@${first.hash.slice(0, 8)}`)).toBe(1);
    const [difference] = await call('diff-reward-sets', { before: 'mine@1', after: 'mine' });
    expect(difference).toMatchObject({ kind: 'changed', fields: [{ field: 'weight', before: 1, after: 2 }] });
  });

  test('of a run', async () => {
    const set = await call('read-reward-set', { set: 'sums' });
    expect(set).toMatchObject({ label: runId, origin: 'run', rules: [{ name: 'accuracy' }, { name: 'length' }] });
    expect(await call('diff-reward-sets', { before: 'sums', after: 'arithmetic' })).toHaveLength(3);
    expect(await call('diff-rules', { before: [exact], after: [exact] })).toMatchObject([{ kind: 'unchanged' }]);
  });

  test.each([
    ['gsmk8', 'There is no rule set gsmk8. Did you mean gsm8k?'],
    ['nothing like it', 'It is neither a preset, nor a saved set, nor a run.'],
    ['mine@7', 'There is no mine@7. Its versions: 2 ('],
  ])('%s is not there', async (set, message) => {
    await expect(call('read-reward-set', { set })).rejects.toThrow(message);
    await expect(call('read-reward-set', { set })).rejects.toMatchObject({ code: 'reward_invalid' });
  });

  test('that are unsound are not saved', async () => {
    const broken = call('save-reward-set', { name: 'bad', rules: [{ name: 'a', type: 'regex', pattern: '(' }] });
    await expect(broken).rejects.toMatchObject({ code: 'reward_invalid', where: { field: 'rewards.0.pattern' } });
    await expect(call('reward-set-history', { name: 'bad' })).rejects.toMatchObject({ code: 'reward_invalid' });
  });
});

describe('check-rules', () => {
  test('gives the rules with their defaults', async () => {
    const { rules, problems } = await call('check-rules', { rules: { rewards: [exact], model: 'other settings' } });
    expect(problems).toEqual([]);
    expect(rules).toEqual([rewardRuleSchema.parse(exact)]);
  });

  test('names every problem with its place', async () => {
    const rules = [
      exact,
      { name: 'exact', type: 'regex', pattern: '(' },
      { name: 'script', type: 'javascript', source: 'function score() {\n  retur 1;\n}' },
      { name: 'off', type: 'regex', pattern: ')', enabled: false },
    ];
    const { rules: checked, problems } = await call('check-rules', { rules });
    expect(checked).toBeNull();
    expect(problems.map(({ field, line, column }) => [field, line, column])).toEqual([
      ['rewards.1.name', null, null],
      ['rewards.1.pattern', null, null],
      ['rewards.2.source', 2, expect.any(Number)],
      ['rewards.3.pattern', null, null],
    ]);
    expect(problems[1].message).toContain('rewards.1.pattern');
  });

  test.each([
    [{ name: 'a', type: 'answer_match', comparee: 'exact' }, 'rewards.0.comparee', 'Did you mean `compare`?'],
    [{ name: 'a', type: 'answer_matc' }, 'rewards.0.type', 'Did you mean `answer_match`?'],
    [{ name: 'a b', type: 'think_format' }, 'rewards.0.name', 'letters, digits'],
    [{ type: 'think_format' }, 'rewards.0.name', 'missing'],
  ])('%j', async (rule, field, message) => {
    const { problems } = await call('check-rules', { rules: [rule] });
    expect(problems).toMatchObject([{ field, message: expect.stringContaining(message) }]);
  });

  test.each([[undefined], [null], ['text'], [[]], [{}]])('no rules: %j', async (rules) => {
    const { problems } = await call('check-rules', { rules });
    expect(problems).toMatchObject([{ field: 'rewards' }]);
  });
});

describe('what is said of texts', () => {
  test('an extraction', async () => {
    const text = 'so <answer> 1,000 </answer>';
    const extract = { type: 'tag', tag: 'answer' } as const;
    expect(await call('preview-extraction', { extract, normalise: ['digit_separators'], text })).toEqual({
      found: ' 1,000 ',
      span: { start: 11, end: 18 },
      normalised: '1000',
    });
    expect(await call('preview-extraction', { extract, text: 'no' })).toHaveProperty('missing');
    const broken = call('preview-extraction', { extract: { type: 'regex', pattern: '(' }, text });
    await expect(broken).rejects.toMatchObject({ where: { field: 'extract.pattern' } });
  });

  test('texts of a row', async () => {
    const row = { index: 0, prompt: '1+1=', columns: { answer: '2' } };
    const report = await call('bench-text', { rules: [exact], completions: ['2', '3'], row });
    expect(report.samples[0].completions.map(({ reward }) => reward)).toEqual([1, 0]);
  });
});

describe('work that takes time', () => {
  test('is shown as a job', async () => {
    const { gold } = await call('bench-dataset', { rules: [exact], path: recorded.dataset });
    expect(gold).toMatchObject({ rows: 2, perfect: 2 });
    expect(changes.at(-1)).toMatchObject({ title: 'Score perfect answers', state: 'done', progress: 1 });
    const bench = await call('bench-run', { rules: [exact], run: 'sums', steps: [1] });
    expect(bench).toMatchObject({ groups: 2, completions: 6 });
    const rescored = await call('rescore-run', { rules: [exact], run: runId });
    expect(rescored).toMatchObject({ run: runId, groups: 4 });
  });

  test('tells the caller and the job why it failed', async () => {
    await expect(call('bench-run', { rules: [exact], run: 'none' })).rejects.toMatchObject({ code: 'run_not_found' });
    await expect.poll(() => changes.at(-1)).toMatchObject({ state: 'failed', error: { code: 'run_not_found' } });
    const missing = call('bench-dataset', { rules: [exact], path: '/no/such.jsonl' });
    await expect(missing).rejects.toMatchObject({ code: 'dataset_invalid' });
  });

  test('ends when its caller gives up', async () => {
    const controller = new AbortController();
    onChange = ({ progress }) => (progress === 0.5 ? controller.abort() : undefined); // between its two steps
    const work = call('rescore-run', { rules: [exact], run: runId }, controller.signal);
    await expect(work).rejects.toThrow(/abort/i);
    await expect.poll(() => changes.at(-1)?.state).toBe('cancelled');
    await expect(
      call('bench-dataset', { rules: [exact], path: recorded.dataset }, controller.signal),
    ).rejects.toThrow();
  });
});

test('forms are made from the schema of every type', async () => {
  const schemas = await call('rule-schema', null);
  expect(schemas.map(({ type }) => type)).toEqual(rewardRuleSchema.options.map((option) => option.shape.type.value));
  for (const { type, schema } of schemas) {
    const { properties } = schema as { properties: Record<string, { description?: string; const?: string }> };
    expect(properties['type'].const).toBe(type);
    const silent = Object.keys(properties).filter((key) => key !== 'type' && !properties[key].description);
    expect([type, silent]).toEqual([type, []]);
  }
  expect(await call('score-types', null)).toContain('declare function score(input: ScoreInput): ScoreOutput;');
});
