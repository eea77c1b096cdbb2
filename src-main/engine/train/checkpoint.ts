/**
 * Checkpoints: a folder that is a Hugging Face model of its own (config, tokenizer, model.safetensors) or a PEFT adapter with its
 * tokenizer, with the optimizer's moments and the trainer's state beside it. Written under a temporary name, synced, then renamed: it is whole or not there.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readAdapterDescription } from '../../checkpoint/adapter-description.ts';
import { sync, syncFolder, writeSynced } from '../../checkpoint/durable-files.ts';
import { readSafetensors } from '../../checkpoint/safetensors.ts';
import { writeSafetensors } from '../../checkpoint/safetensors-writer.ts';
import type { NamedArray } from '../../checkpoint/tensor-file.ts';
import type { RunConfig } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { SCORE_WEIGHT } from '../../checkpoint/adapter-shapes.ts';
import { tokenizerFolder, writeAdapter } from '../model/adapter-files.ts';
import type { Policy } from '../model/policy.ts';
import { weightArrays } from '../model/weights.ts';
import type { Optimizer } from './optimizer.ts';

/** Everything of a run's position that is not a tensor. Random streams are derived from the seed and the step, so these two are their state. */
const trainerStateSchema = z.object({
  version: z.literal(1),
  configHash: z.string(),
  seed: z.number(),
  /** Steps taken. */
  step: z.int().nonnegative(),
  /** Rows handed out by the data order. */
  rowsTaken: z.int().nonnegative(),
  /** Updates the optimizer has made. */
  updates: z.int().nonnegative(),
  /** Prompt and completion tokens processed so far. */
  tokens: z.number().nonnegative(),
  /** Coefficients that a GRPO run moves; null in other runs. */
  coefficients: z
    .object({ beta: z.number(), entropy: z.object({ coefficient: z.number(), active: z.boolean() }) })
    .nullable(),
  /** Measured pass rates by row, of a GRPO run with a curriculum; empty in other runs. */
  passRates: z.record(z.string(), z.number()),
});

export type TrainerState = z.infer<typeof trainerStateSchema>;

export const CONFIG_FILE = 'config.json';
const TOKENIZER_FILES = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
];
const STATE_FILE = 'trainer_state.json';
/** A reference that follows the policy, as a model of its own. */
export const REFERENCE_FOLDER = 'reference';
const OPTIMIZER_FILE = 'optimizer.safetensors';

/** SHA-256 of the parts of a config that decide what a run computes. */
export function configHash({ type, config }: RunConfig): string {
  const {
    name: _name,
    backend: _backend,
    save_steps: _saveSteps,
    save_total_limit: _saveTotalLimit,
    gradient_checkpointing: _gradientCheckpointing,
    ...decisive
  } = config;
  const sorted = Object.fromEntries(Object.entries(decisive).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256')
    .update(JSON.stringify({ type, config: sorted }))
    .digest('hex');
}

/** What a checkpoint is made of. */
interface CheckpointContent {
  /** What the run started from: config and tokenizer are copied from it; an adapter's base model, or an adapter of it. */
  modelFolder: string;
  policy: Policy;
  optimizer: Optimizer;
  state: TrainerState;
  /** A reference policy that the run changes, to be saved too; null where it stays what the run started from. */
  reference: Policy | null;
  /** Further files by name; one of them may take the place of the model folder's own. */
  texts: Readonly<Record<string, string>>;
}

/**
 * @param parent folder the checkpoints of the run go into
 * @returns the new checkpoint's folder, `step-NNNNNN`
 * @throws StudioError `io_failed` when it cannot be written; nothing is left of it then
 */
export async function saveCheckpoint(parent: string, content: CheckpointContent): Promise<string> {
  const name = `step-${String(content.state.step).padStart(6, '0')}`;
  const temporary = join(parent, `.tmp-${name}`);
  const target = join(parent, name);
  if (await readdir(target).catch(() => null)) return target; // this step is saved already
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await writeFiles(temporary, content);
    await rename(temporary, target);
    await sync(parent);
  } catch (error) {
    // On a full disk the database needs the room to tell of it.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (error instanceof StudioError) throw error;
    const sentence =
      `The checkpoint ${target} cannot be saved (${(error as Error).message}). Check that its disk has room and its folder is yours ` +
      'to write, then resume the run.';
    throw new StudioError('io_failed', sentence, { path: target }, { cause: error });
  }
  return target;
}

async function writeFiles(
  folder: string,
  { modelFolder, policy, optimizer, state, reference, texts }: CheckpointContent,
): Promise<void> {
  // With a config.json of its own, transformers would take an adapter's folder for a whole model.
  const copied = policy.adapter === null ? [CONFIG_FILE, ...TOKENIZER_FILES] : TOKENIZER_FILES;
  const copiedFrom = await tokenizerFolder(modelFolder);
  for (const file of await readdir(copiedFrom)) {
    if (!copied.includes(file)) continue;
    await copyFile(join(copiedFrom, file), join(folder, file));
    await sync(join(folder, file));
  }
  for (const [file, text] of Object.entries(texts)) await writeSynced(join(folder, file), text);
  if (policy.adapter !== null) {
    const baseFolder = (await readAdapterDescription(modelFolder))?.baseFolder ?? modelFolder;
    await writeAdapter(
      folder,
      policy.adapter,
      baseFolder,
      policy.config.scoreHead ? policy.weights[SCORE_WEIGHT] : null,
    );
  } else await writeSafetensors(join(folder, 'model.safetensors'), weightArrays(policy.weights), { format: 'pt' });
  if (reference !== null) {
    const referenceFolder = join(folder, REFERENCE_FOLDER);
    await mkdir(referenceFolder);
    await copyFile(join(modelFolder, CONFIG_FILE), join(referenceFolder, CONFIG_FILE));
    await writeSafetensors(join(referenceFolder, 'model.safetensors'), weightArrays(reference.weights), {
      format: 'pt',
    });
    await syncFolder(referenceFolder);
  }
  await writeSafetensors(join(folder, OPTIMIZER_FILE), optimizer.state(), {});
  await writeSynced(join(folder, STATE_FILE), JSON.stringify(state, null, 2));
  await sync(folder);
}

/**
 * Puts a checkpoint's optimizer state back. Its weights are loaded by opening the folder as a model.
 *
 * @throws StudioError `checkpoint_invalid` when it belongs to another configuration or is incomplete
 */
export async function restoreCheckpoint(folder: string, run: RunConfig, optimizer: Optimizer): Promise<TrainerState> {
  const path = join(folder, STATE_FILE);
  const state = await readCheckpointFile(path, (text) => trainerStateSchema.parse(JSON.parse(text)));
  if (state.configHash !== configHash(run)) {
    throw new StudioError(
      'checkpoint_invalid',
      `the checkpoint ${folder} was made with another configuration; resume with the run's own, or start a new run from it as a model`,
      { path },
    );
  }
  const moments = new Map<string, NamedArray>();
  const optimizerPath = join(folder, OPTIMIZER_FILE);
  await readSafetensors(optimizerPath, (name, array) => moments.set(name, array));
  optimizer.restore(moments, state.updates, optimizerPath);
  return state;
}

/** @throws StudioError `checkpoint_invalid` when the file is missing or `parse` refuses it */
export async function readCheckpointFile<T>(path: string, parse: (text: string) => T): Promise<T> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new StudioError(
      'checkpoint_invalid',
      `${path} cannot be read: ${(error as Error).message}`,
      { path },
      { cause: error },
    );
  }
}
