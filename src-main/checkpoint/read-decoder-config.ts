/** Reads the config.json of a model folder. */
import { join } from 'node:path';
import { readJsonFile } from './checkpoint-files.ts';
import { StudioError } from '../contract/errors.ts';
import { parseDecoderConfig, type DecoderConfig } from './decoder-config.ts';

/** @throws StudioError `model_invalid` or `model_unsupported`, naming the file and the field at fault */
export async function readDecoderConfig(folder: string): Promise<DecoderConfig> {
  const path = join(folder, 'config.json');
  const json = await readJsonFile(path, 'model_invalid');
  if (json !== null) return parseDecoderConfig(json, path);
  throw new StudioError('model_invalid', `${folder} is no model folder: ${path} does not exist.`, { path });
}
