/** Tells a model folder from any other. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADAPTER_CONFIG_FILE } from '../../checkpoint/adapter-description.ts';
import { StudioError } from '../../contract/errors.ts';

/** Whether a folder holds a model, or an adapter that names its base model. */
export function isModelFolder(path: string): boolean {
  return ['config.json', ADAPTER_CONFIG_FILE].some((file) => existsSync(join(path, file)));
}

/** @throws StudioError model_invalid when a path that exists is no model folder */
export function requireModelFolder(path: string): void {
  if (isModelFolder(path)) return;
  const sentence = `${path} is no model folder: it has no config.json.`;
  throw new StudioError('model_invalid', sentence, { path: resolve(path) });
}
