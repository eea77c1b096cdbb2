/** Runs worth comparing, written straight into a database: two seeds of the same settings, others that differ, and those that do not fit. */
import { join } from 'node:path';
import { grpoConfigSchema, sftConfigSchema, type RunConfig } from '../../src-main/contract/config.ts';
import type { CompletionRecord, EvaluationRecord, StepRecord } from '../../src-main/contract/engine.ts';
import { openStore } from '../../src-main/store/open.ts';
import type { NewRun } from '../../src-main/store/interfaces.ts';

const STEPS = 60;
const HELD_OUT = 256;

/** Steps of a run of the sweep: enough for a curve. */
const SWEEP_STEPS = 12;

const longName =
  'gsm8k-smollm2-135m-instruct-beta-0.04-epsilon-0.2-group-16-learning-rate-5e-6-cosine-with-two-hundred-steps-of-warm-up-seed-3';

function grpo(overrides: Record<string, unknown>): RunConfig {
  return {
    type: 'grpo',
    config: grpoConfigSchema.parse({
      model: 'models/starter',
      dataset: 'data/train.jsonl',
      eval_dataset: 'data/eval.jsonl',
      max_steps: STEPS,
      rewards: [
        { type: 'answer_match', name: 'accuracy' },
        { type: 'regex', name: 'tagged', pattern: '<answer>', weight: 0.2 },
      ],
      ...overrides,
    }),
  };
}

/** A number in [0, 1) that looks random and is the same every time. */
function noise(...path: number[]): number {
  const wave = Math.sin(path.reduce((sum, value, i) => sum + value * (12.9898 + 65.233 * i), 1)) * 43758.5453;
  return wave - Math.floor(wave);
}

function completion(run: number, step: number, place: number, skill: number): CompletionRecord {
  const right = noise(run, step, place) < skill;
  const logps = () => Float32Array.from([-0.1, -0.2, -0.3]);
  return {
    text: `<think>Run ${run} tries ${place + 1}.</think>\n<answer>${right ? 42 : 41}</answer>`,
    tokens: Int32Array.from([1, 2, 3]),
    finishReason: 'eos',
    reward: (right ? 1 : 0) + 0.2,
    advantage: right ? 0.7 : -0.7,
    scores: [
      { rule: 'accuracy', score: right ? 1 : 0, why: right ? '42 equals the answer 42.' : '41 is not the answer 42.' },
      { rule: 'tagged', score: 1, why: 'The pattern occurs.' },
    ],
    samplingLogps: logps(),
    oldLogps: logps(),
    referenceLogps: logps(),
    policyLogps: logps(),
    entropies: logps(),
    coefficients: logps(),
  };
}

function stepRecord(run: number, step: number, speed: number): StepRecord {
  const skill = 0.3 + 0.6 * (1 - Math.exp((-step * speed) / 20));
  // The first group of a step is of the same row in all runs, the second of one of the run's own order.
  const rows = [step % 10, (step * 7 + run) % 40];
  return {
    step,
    metrics: {
      reward: 0.2 + skill + 0.15 * (noise(run, step) - 0.5),
      kl: 0.0004 * step * speed * (1 + noise(step, run)),
      entropy: 0.9 - 0.6 * skill + 0.05 * noise(run, step, 1),
      'completions/mean_length': 40 - 10 * skill + 4 * noise(run, step, 2),
      num_tokens: step * (900 + 40 * run),
      step_time: 1.5 + 0.2 * run + noise(run, step, 3),
    },
    groups: [...new Set(rows)].map((row) => ({
      row,
      prompt: `<|im_start|>user\nWhat is ${row} + ${42 - row}?<|im_end|>\n<|im_start|>assistant\n`,
      promptTokens: Int32Array.from([1, 2]),
      completions: Array.from({ length: 4 }, (_, place) => completion(run, step, place, skill)),
    })),
  };
}

function evaluation(run: number, step: number, skill: number): EvaluationRecord {
  const samples = Array.from({ length: HELD_OUT }, (_, row) => {
    const { text, tokens, finishReason, reward, scores } = completion(run, 1000 + step, row, skill);
    return { row, prompt: `What is ${row} + 7?`, text, tokens, finishReason, reward, scores };
  });
  const right = samples.filter(({ scores }) => scores[0].score === 1).length;
  return { step, metrics: { accuracy: right / HELD_OUT, reward: 0.2 + right / HELD_OUT }, samples };
}

/** @param more runs of a sweep beside those of the stories, for when there are many */
export function fillWithComparableRuns(dataDirectory: string, more = 0): void {
  const store = openStore(join(dataDirectory, 'studio.sqlite'));
  const hashes = { datasetHash: 'd'.repeat(64), evalDatasetHash: 'e'.repeat(64) };
  const add = (id: string, place: number, speed: number, given: Partial<NewRun> & Pick<NewRun, 'name' | 'run'>) => {
    store.writer.createRun({ id, directory: join(dataDirectory, 'runs', id), ...hashes, ...given });
    if (given.run.type !== 'grpo') return;
    const steps = id.startsWith('sweep') ? SWEEP_STEPS : STEPS;
    for (let step = 1; step <= steps; step++) store.writer.recordStep(id, stepRecord(place, step, speed));
    if (given.evalDatasetHash === null) return;
    for (const step of [0, steps / 2, steps]) {
      store.writer.recordEvaluation(id, evaluation(place, step, 0.3 + 0.6 * (1 - Math.exp((-step * speed) / 20))));
    }
  };
  add('seed-1', 1, 0.3, { name: 'arithmetic', run: grpo({ seed: 1 }) });
  add('seed-2', 2, 0.3, { name: 'arithmetic', run: grpo({ seed: 2 }) });
  add('faster', 3, 2, { name: 'ten times the learning rate', run: grpo({ learning_rate: 1e-5, beta: 0 }) });
  add('long-name', 4, 0.6, { name: longName, run: grpo({ num_generations: 16 }) });
  add('no-evaluation', 5, 1, {
    name: 'without an evaluation',
    run: grpo({ eval_dataset: undefined }),
    evalDatasetHash: null,
  });
  add('supervised', 6, 1, {
    name: 'warm-up',
    run: {
      type: 'sft',
      config: sftConfigSchema.parse({ model: 'models/starter', dataset: 'data/examples.jsonl', max_steps: 5 }),
    },
    evalDatasetHash: null,
  });
  for (let step = 1; step <= 5; step++) {
    store.writer.recordStep('supervised', {
      step,
      metrics: { loss: 2 / step, num_tokens: 500 * step, step_time: 1 },
      groups: [],
    });
  }
  for (let i = 0; i < more; i++) {
    const run = grpo({ temperature: 0.5 + i / 20 });
    add(`sweep-${i + 1}`, 10 + i, 0.1 + i / 10, { name: `temperature ${(0.5 + i / 20).toFixed(2)}`, run });
  }
  store.close();
}
