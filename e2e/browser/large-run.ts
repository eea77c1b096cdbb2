/** Records a run as large as anybody's: thousands of steps of made-up completions, through the store's own writer. */
import type { CompletionRecord, FinishReason, GroupRecord } from '../../src-main/contract/engine.ts';
import { grpoConfigSchema } from '../../src-main/contract/config.ts';
import { openStore } from '../../src-main/store/open.ts';

export interface LargeRunSize {
  steps: number;
  /** Groups a step. */
  groups: number;
  /** Completions a group. */
  size: number;
  /** Tokens a completion. */
  length: number;
}

const words = 'so we add the tens first then carry one over and check that the sum is right wait maybe not'.split(' ');
const finishReasons: FinishReason[] = ['eos', 'eos', 'eos', 'stop', 'length'];

/** Numbers in [0, 1) that look random and are the same every time. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @returns milliseconds that the writing took */
export function recordLargeRun(databasePath: string, id: string, size: LargeRunSize): number {
  const store = openStore(databasePath);
  const config = grpoConfigSchema.parse({
    model: 'models/large',
    dataset: 'data/train.jsonl',
    max_steps: size.steps,
    num_generations: size.size,
    prompts_per_step: size.groups,
    rewards: [{ type: 'answer_match', name: 'exact' }],
  });
  const begun = performance.now();
  store.writer.createRun({
    id,
    name: `${size.steps} steps`,
    run: { type: 'grpo', config },
    directory: `/nowhere/${id}`,
    datasetHash: 'a'.repeat(64),
    evalDatasetHash: null,
  });
  const random = numbers(7);
  for (let step = 1; step <= size.steps; step++) {
    const groups = Array.from({ length: size.groups }, (_, place) => groupOf(step, place, size, random));
    const rewards = groups.flatMap(({ completions }) => completions.map(({ reward }) => reward ?? 0));
    const reward = rewards.reduce((sum, value) => sum + value, 0) / rewards.length;
    store.writer.recordStep(id, { step, metrics: { reward, kl: step / 1e5, beta: 0.04 }, groups });
  }
  const took = performance.now() - begun;
  store.close();
  return took;
}

function groupOf(
  step: number,
  place: number,
  { steps, groups, size, length }: LargeRunSize,
  random: () => number,
): GroupRecord {
  const [first, second] = [Math.floor(random() * 900) + 100, Math.floor(random() * 900) + 100];
  const right = random() < 0.1 ? 1 : step / steps;
  const answers = Array.from({ length: size }, () => (random() < 0.2 + 0.7 * right ? 1 : 0));
  const mean = answers.filter((answer) => answer === 1).length / size;
  const deviation = Math.sqrt(mean * (1 - mean));
  return {
    row: (step * groups + place) % 4096,
    prompt: `<|im_start|>user\nWhat is ${first} + ${second}?<|im_end|>\n<|im_start|>assistant\n`,
    promptTokens: Int32Array.from({ length: 24 }, (_, token) => token),
    completions: answers.map((answer): CompletionRecord => {
      const thought = Array.from({ length: length - 10 }, () => words[Math.floor(random() * words.length)]).join(' ');
      const values = (offset: number, scale: number) =>
        Float32Array.from({ length }, (_, token) => offset - scale * ((token * 7919) % 13));
      const policyLogps = values(0, 0.1);
      return {
        text: `<think>${thought}</think> <answer>${first + second - 1 + answer}</answer>`,
        tokens: Int32Array.from({ length }, (_, token) => (token * 31) % 512),
        finishReason: finishReasons[Math.floor(random() * finishReasons.length)],
        reward: answer,
        advantage: deviation === 0 ? 0 : (answer - mean) / deviation,
        scores: [{ rule: 'exact', score: answer, why: `The answer is ${first + second}.` }],
        samplingLogps: policyLogps,
        oldLogps: policyLogps,
        referenceLogps: values(-0.01, 0.11),
        policyLogps,
        entropies: values(2, 0.1),
        coefficients: values(answer - mean, 0.001),
      };
    }),
  };
}
