/** Whether a run fits into this machine's memory, from its settings and its model. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { grpoConfigSchema, rewardModelConfigSchema, sftConfigSchema, type RunType } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import type { MemoryCheck } from '../../contract/models.ts';
import { withPreset } from '../../contract/presets.ts';
import { availableMemory, checkMemory } from './check-memory.ts';
import type { MemoryRun } from './estimate-memory.ts';
import type { ModelLibrary } from './library.ts';

/**
 * @param model name in the library, or path
 * @param promptTokens tokens of a prompt, on average
 * @returns null for an adapter whose base model is not on this disk
 * @throws StudioError when the model cannot be used
 */
export async function checkRunMemory(
  library: ModelLibrary,
  model: string,
  run: MemoryRun,
  promptTokens: number,
): Promise<MemoryCheck | null> {
  const folder = await library.folderOf(model);
  const { shape, adapter } = await library.inspect(folder);
  if (shape !== null) return checkMemory(run, shape, promptTokens, availableMemory());
  if (adapter === null) return null;
  const places = [resolve(dirname(folder), adapter.base), resolve(adapter.base)];
  const base = places.find((place) => existsSync(place));
  if (base === undefined) return null;
  const facts = await library.inspect(base);
  if (facts.shape === null) return null;
  const config = { ...run.config, lora_r: adapter.rank, lora_target_modules: adapter.targetModules };
  return checkMemory({ ...run, config } as MemoryRun, facts.shape, promptTokens, availableMemory());
}

const common = {
  lora_r: true,
  lora_target_modules: true,
  load_in_8bit: true,
  gradient_accumulation_steps: true,
} as const;

const schemas = {
  grpo: grpoConfigSchema.pick({
    ...common,
    prompts_per_step: true,
    num_generations: true,
    max_completion_length: true,
    steps_per_generation: true,
    beta: true,
  }),
  sft: sftConfigSchema.pick({ ...common, batch_size: true, max_completion_length: true }),
  reward_model: rewardModelConfigSchema.pick({ ...common, batch_size: true }),
};

/** The settings that memory depends on, out of those of a run that need not be whole yet. Throws StudioError `config_invalid`. */
export function memoryRun(type: RunType, settings: Record<string, unknown>): MemoryRun {
  const values = type === 'grpo' ? withPreset(settings) : settings;
  const parsed = z.object(schemas[type].shape).safeParse(values);
  if (parsed.success) return { type, config: parsed.data } as MemoryRun;
  const [issue] = parsed.error.issues;
  const field = issue.path.join('.');
  throw new StudioError('config_invalid', `${field}: ${issue.message}`, { field });
}
