/** The small files of a model folder that an export takes along as they are. */
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a tokenizer and a chat template are read from, here and by transformers. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'tokenizer.model',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  'chat_template.json',
];

export const GENERATION_CONFIG_FILE = 'generation_config.json';

/** Copies those of the files that are there. */
export async function copyFiles(from: string, to: string, names: readonly string[]): Promise<void> {
  const present = new Set(await readdir(from));
  for (const name of names) if (present.has(name)) await copyFile(join(from, name), join(to, name));
}
