import { describe, expect, test } from 'vitest';
import { checkMemory, requireMemory } from './check-memory.ts';
import { estimateMemory, type MemoryShape } from './estimate-memory.ts';
import { memorySettings, type MemoryRun } from './memory-settings.ts';
import { memoryRun } from './run-memory.ts';

/** SmolLM2-135M. */
const shape: MemoryShape = {
  vocabSize: 49_152,
  hiddenSize: 576,
  intermediateSize: 1536,
  layers: 30,
  heads: 9,
  keyValueHeads: 3,
  headDim: 64,
  tiedHead: true,
  fusedProjections: false,
  headNorms: false,
  sandwichNorms: false,
  activation: 'silu',
  layerPlans: Array.from({ length: 30 }, () => ({ window: null, rope: 0 })),
};
const PARAMETERS = 134_515_008;
const GIB = 2 ** 30;
const tokens = { promptTokens: 100, completionTokens: 0 };

const run = (settings: Record<string, unknown> = {}): MemoryRun => memoryRun('grpo', settings);
const estimate = (settings: Record<string, unknown> = {}, promptTokens = 100) =>
  estimateMemory(shape, memorySettings(run(settings), { promptTokens, completionTokens: 0 }));

describe('estimateMemory', () => {
  test('counts weights, moments and the reference in whole copies of the model', () => {
    const all = estimate();
    expect(all.weights).toBe(4 * PARAMETERS);
    expect(all.optimizer).toBe(8 * PARAMETERS);
    expect(all.reference).toBe(4 * PARAMETERS);
    expect(estimate({ beta: 0 }).reference).toBe(0);
    expect(all.total).toBeGreaterThan(all.weights + all.optimizer + all.reference + all.gradients);
  });

  test('an adapter has gradients and moments of its own alone, and no copy as reference', () => {
    const adapter = estimate({ lora_r: 16 });
    // r · (inputs + outputs) of all seven layers of each block
    const trained = 30 * 16 * (3 * (576 + 1536) + 2 * (576 + 576) + 2 * (576 + 192));
    expect(adapter.optimizer).toBe(8 * trained);
    expect(adapter.weights).toBe(4 * (PARAMETERS + trained));
    expect(adapter.reference).toBe(0);
    const attention = estimate({ lora_r: 16, lora_target_modules: ['q_proj', 'v_proj'] });
    expect(attention.optimizer).toBe(8 * 30 * 16 * (2 * 576 + 576 + 192));
    expect(estimate({ lora_r: 16, load_in_8bit: true }).weights).toBeLessThan(0.55 * adapter.weights);
  });

  test('the cache has each prompt once and completions in whole pages', () => {
    const settings = { prompts_per_step: 2, num_generations: 4, max_completion_length: 33 };
    expect(estimate(settings).kvCache).toBe(2 * 4 * 30 * 192 * 2 * (100 + 4 * 64));
  });

  test('grows with batch, length, group and rank, and shrinks with micro-batches', () => {
    const base = { lora_r: 16, prompts_per_step: 1, num_generations: 4, max_completion_length: 64 };
    const { total } = estimate(base);
    for (const more of [{ num_generations: 8 }, { max_completion_length: 128 }, { lora_r: 64 }]) {
      expect(estimate({ ...base, ...more }).total).toBeGreaterThan(total);
    }
    expect(estimate(base, 400).total).toBeGreaterThan(total);
    const small = {
      ...base,
      prompts_per_step: 2,
      max_completion_length: 8,
      num_generations: 2,
      gradient_accumulation_steps: 2,
    };
    expect(estimate(small).total).toBeLessThan(estimate({ ...small, gradient_accumulation_steps: 1 }).total);
  });
});

describe('layers that are computed again', () => {
  const settings = { lora_r: 16, prompts_per_step: 2, num_generations: 8, max_completion_length: 256 };
  const bytes = (gradient_checkpointing: boolean, more = {}): number =>
    estimate({ ...settings, ...more, gradient_checkpointing }).activations;

  test('keep their inputs, what one of them needs, and no logits', () => {
    const tokens = 100 + 8 * 256; // of a micro-batch
    const ofLayer = 2 * (9 + 3) * 64 + 2 * (576 + 1536) + 9 + 7 * 16;
    const logits = 256 * 2 ** 20; // 8 · 256 · 49,152 would be more
    const saved = 4 * tokens * 1.1 * (29 * ofLayer - 30 * 576) + logits;
    expect(bytes(false) - bytes(true)).toBeGreaterThan(0.999 * saved);
    expect(bytes(false) - bytes(true)).toBeLessThan(1.001 * saved);
  });

  test('where they are not, keep the logits of completions that the policy learns from', () => {
    const config = { lora_r: 16, batch_size: 1, gradient_checkpointing: false };
    const of = (type: 'sft' | 'reward_model', vocabSize: number): number => {
      const settings = memorySettings(memoryRun(type, config), { promptTokens: 100, completionTokens: 50 });
      return estimateMemory({ ...shape, vocabSize }, { ...settings, newTokens: 0, evaluationRows: 0 }).activations;
    };
    expect(of('sft', 20_000) - of('sft', 10_000)).toBe(4 * 10_000 * 50);
    expect(of('reward_model', 20_000)).toBe(of('reward_model', 10_000));
  });

  test('save more where single operations compute them', () => {
    const dropping = { lora_dropout: 0.1 };
    expect(bytes(false, dropping)).toBeGreaterThan(bytes(false));
    expect(bytes(false, dropping) - bytes(true, dropping)).toBeGreaterThan(bytes(false) - bytes(true));
    const sandwiched = { ...shape, sandwichNorms: true };
    const of = (shape: MemoryShape) => estimateMemory(shape, memorySettings(run(settings), tokens)).total;
    expect(of(sandwiched)).toBeGreaterThan(of(shape));
  });
});

describe('checkMemory', () => {
  const long = { lora_r: 16, prompts_per_step: 1, num_generations: 16, max_completion_length: 512 };

  test('computes layers again before it refuses, unless told not to, and then says so', () => {
    const [kept, again] = [false, true].map((choice) => estimate({ ...long, gradient_checkpointing: choice }).total);
    const available = (kept + again) / 2;
    expect(checkMemory(run(long), shape, tokens, kept)).toMatchObject({
      fits: true,
      recomputes: false,
      estimate: { total: kept },
    });
    expect(checkMemory(run(long), shape, tokens, available)).toMatchObject({
      fits: true,
      recomputes: true,
      estimate: { total: again },
    });
    const refused = checkMemory(run({ ...long, gradient_checkpointing: false }), shape, tokens, available);
    expect(refused).toMatchObject({ fits: false, estimate: { total: kept } });
    expect(refused.suggestions[0]).toEqual({ settings: { gradient_checkpointing: true }, total: again });
    expect(() => requireMemory(refused)).toThrow('gradient_checkpointing true needs');
  });

  test('a run that fits needs no advice', () => {
    const check = checkMemory(run({ lora_r: 16 }), shape, tokens, 64 * GIB);
    expect(check).toMatchObject({ fits: true, suggestions: [] });
    expect(() => requireMemory(check)).not.toThrow();
  });

  test('a run that does not fit is refused with settings that would, each of which does', () => {
    const settings = { prompts_per_step: 8, num_generations: 16, max_completion_length: 256 };
    const available = 4 * GIB;
    const check = checkMemory(run(settings), shape, tokens, available);
    expect(check.fits).toBe(false);
    expect(check.suggestions.length).toBeGreaterThan(0);
    for (const { settings: changes, total } of check.suggestions) {
      expect(total).toBeLessThanOrEqual(available);
      const changed = checkMemory(run({ ...settings, ...changes }), shape, tokens, available);
      expect(changed).toMatchObject({ fits: true, estimate: { total } });
    }
    const [{ settings: first }] = check.suggestions;
    const [name, value] = Object.entries(first)[0];
    expect(() => requireMemory(check)).toThrow(`${name} ${value}`);
    expect(() => requireMemory(check)).toThrow('--ignore-memory');
  });

  test('where one setting alone is not enough, none is changed further than it takes', () => {
    const advice = (settings: Record<string, unknown>, available: number) =>
      checkMemory(run(settings), shape, tokens, available * GIB).suggestions[0].settings;
    const long = { num_generations: 16, max_completion_length: 1024 };
    const adapter = { ...long, lora_r: 16, load_in_8bit: true };
    expect(advice(adapter, 1.2)).toEqual({ num_generations: 2, prompts_per_step: 4 });
    // An adapter needs no reference, so that beta stays as it is.
    const lora = { lora_r: 16, load_in_8bit: true };
    expect(advice({ num_generations: 16 }, 1.5)).toEqual({ ...lora, num_generations: 8 });
    // 8 bits save only together with layers that are computed again.
    const kept = { ...long, gradient_checkpointing: false };
    expect(advice(kept, 1.5)).toEqual({ gradient_checkpointing: true, ...lora, num_generations: 2 });
  });

  test('says so when nothing would make it fit', () => {
    const check = checkMemory(run(), shape, tokens, 0.1 * GIB);
    expect(check).toMatchObject({ fits: false, suggestions: [] });
    expect(() => requireMemory(check)).toThrow('take a smaller model');
  });
});

test('memoryRun takes what there is of a config, with its preset', () => {
  expect(memoryRun('grpo', { model: 'x', preset: 'dapo' }).config).toMatchObject({ beta: 0, num_generations: 8 });
  expect(() => memoryRun('sft', { batch_size: 0 })).toThrow('batch_size');
});
