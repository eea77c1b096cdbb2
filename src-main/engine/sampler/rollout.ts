/** Group rollout: samples several completions for each prompt. What these have in common is computed once. */
import type { SamplerWeights, SamplingConfig } from '../../contract/config.ts';
import type { FinishReason } from '../../contract/engine.ts';
import { StudioError } from '../../contract/errors.ts';
import { RandomStream } from '../../grpo/random.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import type { Policy } from '../model/policy.ts';
import { decodeStep, prefill, type DecodeInput } from './decode.ts';
import { drawTokens } from './draw-tokens.ts';
import { openFusedDecoder } from './fused-decoder.ts';

export interface RolloutOptions {
  sampling: SamplingConfig;
  /** Completions per prompt G. */
  generations: number;
  /** Takes the likeliest token at every position instead of drawing one. */
  greedy: boolean;
  /** Seeds the draws; each completion has its own stream, named by this path, its prompt's place and its place in the group. */
  seed: number;
  path: (string | number)[];
  /** What it decodes with; float32 where absent. Prompts are computed with the weights as they are. */
  weights?: SamplerWeights;
}

export interface SampledCompletion {
  tokens: Int32Array; // [T], the end token included
  /** Log-probs [T] at the sampling temperature, before any filter. */
  logps: Float32Array;
  /** Decoded without special tokens. */
  text: string;
  finishReason: FinishReason;
}

/** A completion while it grows, to look at. */
export interface GrowingCompletion {
  /** Its prompt, and its place among all completions: those of a prompt follow each other. */
  readonly group: number;
  readonly slot: number;
  /** The newest is the last. */
  readonly tokens: readonly number[];
  /** null until it has ended. */
  readonly whole: SampledCompletion | null;
}

/** One completion while it grows. */
interface LiveCompletion extends GrowingCompletion {
  tokens: number[];
  whole: SampledCompletion | null;
  /** The slot under which its tokens so far were decoded: its own, or that of another with the same tokens. */
  decodedAs: number;
  logps: number[];
  stream: RandomStream;
  /** Text so far; kept only when stop strings are looked for. */
  text: string;
  decoder: ReturnType<Tokenizer['stream']>;
}

/**
 * @param prompts token ids of each prompt
 * @returns G completions for each prompt, in order. The same seed and path give the same tokens on the same backend, whatever
 *   else is in the batch.
 * @throws StudioError `config_invalid` when a prompt and its completion do not fit into the model's context, or the policy cannot be
 *   decoded with such weights
 */
export function rollout(
  policy: Policy,
  tokenizer: Tokenizer,
  prompts: readonly Int32Array[],
  options: RolloutOptions,
): SampledCompletion[][] {
  const steps = rolloutSteps(policy, tokenizer, prompts, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * `rollout` a token at a time: gives after each those completions that grew by one, and returns all of them in the end. Who gives it
 * up before calls its `return`. Two rollouts of one policy must not be under way at the same time.
 */
export function* rolloutSteps(
  policy: Policy,
  tokenizer: Tokenizer,
  prompts: readonly Int32Array[],
  options: RolloutOptions,
): Generator<readonly GrowingCompletion[], SampledCompletion[][]> {
  const { config } = policy;
  const { sampling, generations } = options;
  checkContext(policy, prompts, sampling.max_completion_length);
  const eos = new Set(tokenizer.eosTokenIds);
  const context = { prompts, vocabulary: config.vocabSize, eos, options };
  const finished: SampledCompletion[][] = prompts.map(() => []);
  let live: LiveCompletion[] = prompts.flatMap((_, group) =>
    Array.from({ length: generations }, (_, place) => ({
      group,
      slot: group * generations + place,
      tokens: [],
      whole: null,
      decodedAs: group * generations,
      logps: [],
      stream: RandomStream.of(options.seed, ...options.path, group, place),
      text: '',
      decoder: tokenizer.stream({ skipSpecialTokens: true }),
    })),
  );

  const capacity = sampling.max_completion_length;
  const longest = prompts.reduce((longest, prompt) => Math.max(longest, prompt.length), 0);
  const places = longest + capacity;
  const tables = policy.rope(places);
  const { caches, logits: promptLogits, starts } = prefill(policy, places, prompts, { slots: live.length, capacity });
  try {
    const fused = openFusedDecoder(policy, tables, caches, live.length, options.weights ?? 'float32');
    const decode = (input: DecodeInput): Float32Array =>
      fused?.step(input.tokens, input.positions, input.rows) ?? decodeStep(policy, tables, caches, input);
    let logits = promptLogits; // [prompts, V]; later [live, V]
    let rowOf = (completion: LiveCompletion): number => completion.group;
    for (let length = 1; ; length++) {
      appendTokens(live, logits, Int32Array.from(live, rowOf), context);
      const grown = live;
      live = grown.filter((completion) => {
        const reason = finishReason(completion, eos, sampling);
        if (reason === null) return true;
        completion.whole = finish(completion, tokenizer, reason);
        finished[completion.group][completion.slot - completion.group * generations] = completion.whole;
        return false;
      });
      yield grown;
      if (live.length === 0) return finished;
      const { rows, sources } = distinct(live);
      logits = decode({
        tokens: Int32Array.from(rows, ({ tokens }) => tokens[tokens.length - 1]),
        positions: Int32Array.from(rows, ({ group }) => prompts[group].length + length - 1),
        rows: {
          slots: Int32Array.from(rows, ({ slot }) => slot),
          sources,
          promptStarts: Int32Array.from(rows, ({ group }) => starts[group]),
          promptLengths: Int32Array.from(rows, ({ group }) => prompts[group].length),
          ownLength: length - 1,
        },
      });
      const places = new Map(rows.map(({ slot }, row) => [slot, row]));
      rowOf = (completion) => places.get(completion.decodedAs) as number;
    }
  } finally {
    for (const cache of caches) cache.dispose();
  }
}

/**
 * Completions of a prompt that are the same so far are decoded as one, the first of them, which the others follow until they draw
 * another token.
 * @returns those to decode, and the slot in which each one's earlier tokens are
 */
function distinct(live: readonly LiveCompletion[]): { rows: LiveCompletion[]; sources: Int32Array } {
  const first = new Map<string, LiveCompletion>();
  const sources: number[] = [];
  for (const completion of live) {
    const { decodedAs, tokens, slot } = completion;
    const text = `${decodedAs} ${tokens[tokens.length - 1]}`;
    const same = first.get(text);
    if (same === undefined) {
      first.set(text, completion);
      sources.push(decodedAs);
    }
    completion.decodedAs = same?.slot ?? slot;
  }
  return { rows: [...first.values()], sources: Int32Array.from(sources) };
}

function checkContext({ config }: Policy, prompts: readonly Int32Array[], maxCompletionLength: number): void {
  prompts.forEach((prompt, i) => {
    if (prompt.length === 0)
      throw new StudioError('config_invalid', `prompt ${i} is empty: there is nothing to complete`);
    if (prompt.length + maxCompletionLength > config.maxPositions) {
      throw new StudioError(
        'config_invalid',
        `a prompt of ${prompt.length} tokens and max_completion_length ${maxCompletionLength} exceed the model's context of ` +
          `${config.maxPositions}; lower max_completion_length or drop the longest prompts`,
        { field: 'max_completion_length' },
      );
    }
  });
}

/** What the drawing of tokens depends on, the same for the whole rollout. */
interface DrawContext {
  prompts: readonly Int32Array[];
  vocabulary: number;
  eos: ReadonlySet<number>;
  options: RolloutOptions;
}

/**
 * Draws the next token of every live completion.
 *
 * @param logits of the next tokens [R, V]
 * @param rows each completion's row of them; those that are the same so far share one
 */
function appendTokens(
  live: readonly LiveCompletion[],
  logits: Float32Array,
  rows: Int32Array,
  { prompts, vocabulary, eos, options: { sampling, greedy } }: DrawContext,
): void {
  const banned = live[0].tokens.length < sampling.min_completion_length ? Int32Array.from(eos) : new Int32Array(0);
  const { tokens, logps } = drawTokens({
    logits,
    vocabulary,
    rows,
    uniforms: greedy ? null : Float64Array.from(live, ({ stream }) => stream.nextFloat()),
    banned,
    previous:
      sampling.repetition_penalty === 1 ? null : live.map(({ group, tokens }) => concatenated(prompts[group], tokens)),
    filters: sampling,
  });
  live.forEach((completion, i) => {
    completion.tokens.push(tokens[i]);
    completion.logps.push(logps[i]);
    if (sampling.stop.length > 0) completion.text += completion.decoder.push(tokens[i]);
  });
}

function concatenated(prompt: Int32Array, tokens: readonly number[]): Int32Array {
  const all = new Int32Array(prompt.length + tokens.length);
  all.set(prompt);
  all.set(tokens, prompt.length);
  return all;
}

function finishReason(
  { tokens, text }: LiveCompletion,
  eos: ReadonlySet<number>,
  sampling: SamplingConfig,
): FinishReason | null {
  if (eos.has(tokens[tokens.length - 1])) return 'eos';
  if (sampling.stop.some((stop) => text.includes(stop))) return 'stop';
  return tokens.length >= sampling.max_completion_length ? 'length' : null;
}

function finish(completion: LiveCompletion, tokenizer: Tokenizer, reason: FinishReason): SampledCompletion {
  return {
    tokens: Int32Array.from(completion.tokens),
    logps: Float32Array.from(completion.logps),
    text: tokenizer.decode(completion.tokens, { skipSpecialTokens: true }),
    finishReason: reason,
  };
}
