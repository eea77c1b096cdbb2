/** Made-up steps as a run of size S records them: 8 groups of 8 completions, 40 tokens each, texts of words as frequent as in a language. */
import { grpoConfigSchema } from '../../src-main/contract/config.ts';
import type { CompletionRecord, GroupRecord, StepRecord } from '../../src-main/contract/engine.ts';
import { RandomStream } from '../../src-main/grpo/random.ts';
import type { NewRun } from '../../src-main/store/interfaces.ts';

const GROUPS = 8;
const GENERATIONS = 8;
const TOKENS = 40;
const PROMPT_TOKENS = 24;
const WORDS = 22;
const METRICS = 40;
const DATASET_ROWS = 2048;

export const completionsOfStep = GROUPS * GENERATIONS;

/** Stands in every text, in one of 500, and (a beginning of a word) in every text. */
export const searches = { everywhere: 'answer ', rare: 'quagga ', beginning: 'ans', sign: '</think> ' };

const syllables = [...'bdfgklmnprstvz'].flatMap((consonant) => [...'aeiou'].map((vowel) => consonant + vowel));

/** The same 3,000 words of two to four syllables each time. */
const vocabulary = Array.from({ length: 3000 }, (_, rank) => {
  const stream = RandomStream.of(0, 'growth', 'word', rank);
  const length = 2 + Math.floor(stream.nextFloat() * 3);
  return Array.from({ length }, () => syllables[Math.floor(stream.nextFloat() * syllables.length)]).join('');
});

/** The word of rank r about as often as 1/r. */
function word(stream: RandomStream): string {
  return vocabulary[Math.floor(vocabulary.length ** stream.nextFloat()) - 1];
}

function floats(stream: RandomStream): Float32Array {
  return Float32Array.from({ length: TOKENS }, () => -stream.nextFloat());
}

function completion(stream: RandomStream, place: number): CompletionRecord {
  const words = Array.from({ length: WORDS }, () => (stream.nextFloat() < 1 / 500 / WORDS ? 'quagga' : word(stream)));
  const answer = Math.floor(stream.nextFloat() * 90);
  const reward = place % 2;
  return {
    text: `<think>case ${words.join(' ')}</think><answer>${answer}</answer>`,
    tokens: Int32Array.from({ length: TOKENS }, () => Math.floor(stream.nextFloat() * 4096)),
    finishReason: 'eos',
    reward,
    advantage: reward === 0 ? -1 : 1,
    scores: [
      {
        rule: 'accuracy',
        score: reward,
        why: `The answer is ${answer}; expected was 42.`,
        spans: [{ start: 170, end: 172 }],
      },
      { rule: 'format', score: 1, why: 'think and answer stand there once each.' },
    ],
    samplingLogps: floats(stream),
    oldLogps: floats(stream),
    referenceLogps: floats(stream),
    policyLogps: floats(stream),
    entropies: floats(stream),
    coefficients: floats(stream),
  };
}

/** @param run names the run: another has other texts */
export function recordedStep(run: string, step: number): StepRecord {
  const stream = RandomStream.of(0, 'growth', run, step);
  const groups = Array.from({ length: GROUPS }, (_, group): GroupRecord => ({
    row: ((step - 1) * GROUPS + group) % DATASET_ROWS,
    prompt: `<|im_start|>user\nWhat is ${step} + ${group}? ${word(stream)} ${word(stream)}<|im_end|>\n<|im_start|>assistant\n`,
    promptTokens: new Int32Array(PROMPT_TOKENS),
    completions: Array.from({ length: GENERATIONS }, (_, place) => completion(stream, place)),
  }));
  const names = ['reward', 'loss', ...Array.from({ length: METRICS - 2 }, (_, index) => `rewards/rule-${index}/mean`)];
  return { step, metrics: Object.fromEntries(names.map((name) => [name, stream.nextFloat()])), groups };
}

/** @param directory the run's folder; nothing is written there */
export function recordedRun(id: string, directory: string): NewRun {
  const config = grpoConfigSchema.parse({
    model: directory,
    dataset: directory,
    max_steps: 1000,
    rewards: [
      { name: 'accuracy', type: 'answer_match' },
      { name: 'format', type: 'format', tags: ['think', 'answer'] },
    ],
  });
  return { id, name: id, run: { type: 'grpo', config }, directory, datasetHash: 'd', evalDatasetHash: null };
}
