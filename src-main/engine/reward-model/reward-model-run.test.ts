/** Whole runs that train a reward model from the starter: it learns to tell right sums from wrong ones. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { rewardModelConfigSchema, type RunConfig } from '../../contract/config.ts';
import type { DatasetRow } from '../../contract/dataset.ts';
import type { EngineEvent } from '../../contract/engine.ts';
import { RandomStream } from '../../grpo/random.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import { CommandQueue } from '../command-queue.ts';
import { trainingLoop } from '../loop.ts';
import { probe } from '../tensor/native-backend.ts';
import { loadRewardModel } from './reward-model.ts';
import { scoreCompletions } from './score-completions.ts';

const resources = join(import.meta.dirname, '../../../resources');

/** Sums of two numbers below 100 with a right answer and one with a wrong digit, in the starter's format. */
function sums(file: string, count: number): DatasetRow[] {
  const lines = readFileSync(join(resources, `datasets/addition/${file}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  const rows = lines.map((line) => JSON.parse(line) as { prompt: { role: string; content: string }[]; answer: string });
  const short = rows.filter(({ prompt }) => /^\D*\d{1,2} \+ \d{1,2}\?$/.test(prompt[0].content));
  return short.slice(0, count).map(({ prompt, answer }, index) => {
    const [first, second] = prompt[0].content.match(/\d+/g)!.map((number) => [...number].reverse().map(Number));
    const longer = first.length > second.length ? first : second;
    const columns = longer.map((_, i) => `${first[i] ?? 0}+${second[i] ?? 0}=${(first[i] ?? 0) + (second[i] ?? 0)}`);
    const stream = RandomStream.of(1, file, index);
    const wrong = [...answer];
    const place = Math.floor(stream.nextFloat() * wrong.length);
    wrong[place] = String((Number(wrong[place]) + 1 + Math.floor(stream.nextFloat() * 9)) % 10);
    const text = (answer: string) => `<think>${columns.join(',')}</think><answer>${answer}</answer>`;
    return { index, prompt, columns: { chosen: text(answer), rejected: text(wrong.join('')) } };
  });
}

const ranked = sums('train', 400);
const scored = ranked.slice(0, 60).map(({ index, prompt, columns }) => ({
  index,
  prompt,
  columns: { completion: index % 2 === 0 ? columns.chosen : columns.rejected, score: index % 2 === 0 ? 3 : 2 },
}));

const settings = (change: object): RunConfig => ({
  type: 'reward_model',
  config: rewardModelConfigSchema.parse({
    model: join(resources, 'models/starter'),
    dataset: 'unused',
    backend: 'native',
    max_steps: 4,
    batch_size: 6,
    learning_rate: 4e-4,
    save_steps: 2,
    seed: 3,
    ...change,
  }),
});

async function train(
  run: RunConfig,
  trainRows: DatasetRow[],
  { evalRows = [], resumeFrom = null }: { evalRows?: DatasetRow[]; resumeFrom?: string | null } = {},
) {
  const runDirectory = mkdtempSync(join(tmpdir(), 'reward-model-'));
  const events: EngineEvent[] = [];
  const start = { type: 'start' as const, run, trainRows, evalRows, runDirectory, resumeFrom };
  for await (const event of trainingLoop(start, new CommandQueue())) events.push(event);
  const checkpoints = join(runDirectory, 'checkpoints');
  return {
    steps: events.flatMap((event) => (event.type === 'step' ? [event.record.metrics] : [])),
    evaluations: events.flatMap((event) => (event.type === 'evaluation' ? [event.record] : [])),
    checkpoints: readdirSync(checkpoints).map((name) => join(checkpoints, name)),
  };
}

const { available, why } = await probe();

describe.skipIf(!available)(`a run that trains a reward model${available ? '' : ` (${why})`}`, () => {
  test('learns from ranked completions to tell right from wrong, held out too', async () => {
    const heldOut = sums('eval', 100);
    const run = settings({
      max_steps: 60,
      batch_size: 32,
      save_steps: 0,
      lr_scheduler_type: 'cosine',
      warmup_steps: 5,
    });
    const { evaluations, steps, checkpoints } = await train(run, ranked, { evalRows: heldOut });
    const [before, after] = evaluations.map(({ metrics }) => metrics);
    expect(Math.abs(before.accuracy - 0.5)).toBeLessThan(0.1);
    expect(after.accuracy).toBeGreaterThan(0.65);
    expect(after.margin).toBeGreaterThan(0.3);
    expect(after.loss).toBeLessThan(before.loss);
    for (const name of ['loss', 'accuracy', 'margin', 'min_reward', 'mean_reward', 'max_reward', 'grad_norm']) {
      expect(steps[0][name], name).toBeTypeOf('number');
    }
    expect(steps.flatMap((metrics) => Object.values(metrics)).every(Number.isFinite)).toBe(true);

    // What was saved judges as what was trained, and writes its scores in the order of what it is asked.
    const tensors = tf.memory().numTensors;
    const model = await loadRewardModel(checkpoints[0]);
    const tokenizer = await loadTokenizer(checkpoints[0]);
    const texts = heldOut.flatMap(({ prompt, columns }) =>
      [columns.chosen, columns.rejected].map((completion) => ({ prompt, completion: completion as string })),
    );
    const scores = scoreCompletions(model, tokenizer, texts);
    const right = heldOut.filter((_, i) => scores[2 * i] > scores[2 * i + 1]);
    expect(right.length / heldOut.length).toBe(after.accuracy);
    expect(Math.max(...scores)).toBeCloseTo(after.max_reward, 4);
    const tooLong = [{ prompt: 'Say.', completion: 'x'.repeat(600) }];
    expect(() => scoreCompletions(model, tokenizer, tooLong)).toThrow("more than the reward model's context of 512");
    model.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('learns as an adapter with a head, which judges as it did', async () => {
    const run = settings({ max_steps: 30, batch_size: 20, save_steps: 0, learning_rate: 4e-3, lora_r: 8 });
    const { evaluations, checkpoints } = await train(run, scored, { evalRows: scored });
    expect(evaluations[1].metrics.loss).toBeLessThan(0.5);
    const model = await loadRewardModel(checkpoints[0]);
    const tokenizer = await loadTokenizer(checkpoints[0]);
    const texts = scored.map(({ prompt, columns }) => ({ prompt, completion: columns.completion as string }));
    const scores = scoreCompletions(model, tokenizer, texts);
    expect(Math.max(...scores)).toBeCloseTo(evaluations[1].metrics.max_reward, 4);
    model.dispose();
  });

  test('learns given scores', async () => {
    const run = settings({ max_steps: 30, batch_size: 20, save_steps: 0 });
    const { steps, evaluations } = await train(run, scored, { evalRows: scored });
    expect(steps[0].loss).toBeGreaterThan(3);
    expect(evaluations[1].metrics.loss).toBeLessThan(0.5); // 0.25 is the variance of the scores
    expect(evaluations[1].metrics.mean_reward).toBeCloseTo(2.5, 0);
    expect(steps[0]).not.toHaveProperty('accuracy');
  });

  test.each([
    ['ranked', ranked, {}],
    ['scored', scored, {}],
    ['an adapter with dropout', ranked, { lora_r: 4, lora_dropout: 0.1, load_in_8bit: true }],
  ])('is resumed bit for bit (%s)', async (_, rows, change) => {
    const run = settings(change);
    const whole = await train(run, rows);
    const [second, fourth] = whole.checkpoints;
    const resumed = await train(run, rows, { resumeFrom: second });
    expect(resumed.steps.map(({ loss }) => loss)).toEqual(whole.steps.slice(2).map(({ loss }) => loss));
    const model = 'lora_r' in change ? ['adapter_model.safetensors'] : ['model.safetensors', 'config.json'];
    for (const file of [...model, 'optimizer.safetensors', 'trainer_state.json']) {
      const [mine, theirs] = [resumed.checkpoints[0], fourth].map((folder) => readFileSync(join(folder, file)));
      expect(mine.equals(theirs), file).toBe(true);
    }
    if ('lora_r' in change) return expect(readdirSync(fourth)).not.toContain('config.json');
    expect(JSON.parse(readFileSync(join(fourth, 'config.json'), 'utf8'))).toMatchObject({
      architectures: ['LlamaForSequenceClassification'],
      id2label: { 0: 'LABEL_0' },
    });
  });

  test('gradient accumulation changes nothing but rounding', async () => {
    const first = async (parts: number) =>
      (await train(settings({ max_steps: 1, gradient_accumulation_steps: parts }), ranked)).steps[0];
    const [one, three] = [await first(1), await first(3)];
    expect(Math.abs(one.grad_norm - three.grad_norm)).toBeLessThan(1e-5 * one.grad_norm);
    expect(one.loss).toBeCloseTo(three.loss, 6);
    expect(one.accuracy).toBe(three.accuracy);
  });

  test('a reward model can be trained further', async () => {
    const { checkpoints } = await train(settings({ max_steps: 2 }), ranked);
    const further = await train(settings({ max_steps: 1, model: checkpoints[0] }), ranked, { evalRows: ranked });
    const model = await loadRewardModel(further.checkpoints[0]);
    expect(model.weights['score.weight'].shape).toEqual([1, 128]);
    model.dispose();
  });

  test('a dataset that fits no kind ends the run before it starts', async () => {
    const rows = [{ index: 0, prompt: 'Say.', columns: { answer: '4' } }];
    await expect(train(settings({}), rows)).rejects.toMatchObject({ code: 'dataset_invalid' });
  });
});
