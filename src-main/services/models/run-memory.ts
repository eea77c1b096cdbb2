/** Whether a run fits into this machine's memory, from its settings and its model. */
import { z } from 'zod';
import { findBase } from '../../checkpoint/adapter-base.ts';
import {
  grpoConfigSchema,
  rewardModelConfigSchema,
  sftConfigSchema,
  type RunConfig,
  type RunType,
} from '../../contract/config.ts';
import type { DatasetRow } from '../../contract/dataset.ts';
import { StudioError } from '../../contract/errors.ts';
import type { MemoryCheck } from '../../contract/models.ts';
import { withPreset } from '../../contract/presets.ts';
import { availableMemory, checkMemory, requireMemory } from './check-memory.ts';
import { inspectCheckpoint, type CheckpointReport } from './inspect-checkpoint.ts';
import { readAdapterFacts } from './inspect-model.ts';
import type { ModelLibrary } from './library.ts';
import type { MemoryRun } from './memory-settings.ts';

/** Rows whose prompts stand for those of the whole dataset. */
const SAMPLED_ROWS = 64;

/**
 * Refuses a run that cannot fit. One whose memory cannot be told (an adapter whose base is missing, weights still to be made) passes:
 * the engine says what is wrong with it.
 *
 * @throws StudioError `config_invalid` with the settings that would fit; and when the model cannot be used
 */
export async function requireRunMemory(
  models: ModelLibrary,
  run: RunConfig,
  rows: readonly DatasetRow[],
): Promise<void> {
  if (run.type === 'sft' && run.config.init_from_config) return;
  const model = await decoderOf(models, run.config.model, run);
  if (model === null) return;
  const { tokenizer, config } = model.checked;
  const lengthOf = (prompt: DatasetRow['prompt']): number => {
    // A conversation without a template to render it is refused by the engine, in the words of the tokenizer.
    const plain = typeof prompt === 'string' || tokenizer.hasChatTemplate;
    return tokenizer.encodePrompt(plain ? prompt : prompt.map(({ content }) => content).join('\n')).tokens.length;
  };
  const sample = rows.slice(0, SAMPLED_ROWS);
  const tokens = {
    promptTokens: average(sample.map(({ prompt }) => lengthOf(prompt))),
    completionTokens: average(sample.map((row) => lengthOf(longestCompletion(run, row)))),
  };
  requireMemory(checkMemory(model.run, config, tokens, availableMemory()));
}

function average(values: readonly number[]): number {
  return Math.ceil(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length));
}

/** What a row gives the policy to read besides its prompt. */
function longestCompletion({ type, config }: RunConfig, { columns }: DatasetRow): string {
  if (type === 'grpo') return '';
  const names = type === 'sft' ? [config.completion_column] : ['chosen', 'rejected', 'completion'];
  const texts = names.map((name) => columns[name]).filter((value) => typeof value === 'string');
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '');
}

/**
 * @param model name in the library, or path
 * @param promptTokens tokens of a prompt, on average
 * @throws StudioError when the model cannot be used, or is an adapter whose base model is not on this disk
 */
export async function checkRunMemory(
  models: ModelLibrary,
  model: string,
  run: MemoryRun,
  promptTokens: number,
): Promise<MemoryCheck> {
  const found = await decoderOf(models, model, run);
  // Completions of a dataset are taken to be about as long as its prompts.
  const tokens = { promptTokens, completionTokens: promptTokens };
  if (found !== null) return checkMemory(found.run, found.checked.config, tokens, availableMemory());
  const message = `The base model of the adapter ${model} is not on this disk, so its memory cannot be told.`;
  throw new StudioError('model_invalid', message, { field: 'model' });
}

/** What a run computes with: its model, or the base of the adapter that it trains further. null when that base is not found. */
async function decoderOf(
  models: ModelLibrary,
  model: string,
  run: MemoryRun,
): Promise<{ checked: CheckpointReport; run: MemoryRun } | null> {
  const folder = await models.folderOf(model);
  const adapter = await readAdapterFacts(folder);
  if (adapter === null) return { checked: await inspectCheckpoint(folder), run };
  const base = await findBase(folder, adapter.base);
  if (base === null) return null;
  const config = { ...run.config, lora_r: adapter.rank, lora_target_modules: adapter.targetModules };
  return { checked: await inspectCheckpoint(base), run: { ...run, config } as MemoryRun };
}

const common = {
  lora_r: true,
  lora_target_modules: true,
  load_in_8bit: true,
  lora_dropout: true,
  gradient_accumulation_steps: true,
  gradient_checkpointing: true,
  eval_dataset: true,
  eval_samples: true,
} as const;

const schemas = {
  grpo: grpoConfigSchema.pick({
    ...common,
    prompts_per_step: true,
    num_generations: true,
    max_completion_length: true,
    steps_per_generation: true,
    beta: true,
    top_entropy_quantile: true,
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
