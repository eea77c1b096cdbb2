/** Finds the folder of the model that an adapter names as its base. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { exists } from './checkpoint-files.ts';
import { hubCacheFolder } from './hub-cache-folder.ts';

/**
 * A base is named by its path, by its name in the folder that holds the adapter's, or by its id on the Hugging Face Hub, which is
 * looked for in the Hub's cache on this disk. Nothing is downloaded.
 *
 * @param folder of the adapter
 * @param name as the adapter's config has it
 * @returns null when there is no such model here
 */
export async function findBase(folder: string, name: string): Promise<string | null> {
  for (const candidate of await placesOf(folder, name))
    if (await exists(join(candidate, 'config.json'))) return candidate;
  return null;
}

/**
 * The same.
 *
 * @param config path of the file that names the base, for the error
 * @throws StudioError `model_invalid` when there is no such model here, with the places looked at
 */
export async function requireBase(folder: string, name: string, config: string): Promise<string> {
  const found = await findBase(folder, name);
  if (found !== null) return found;
  const places = [...new Set(await placesOf(folder, name))].join(' and ');
  const text =
    `the base model ${name} of the adapter ${basename(resolve(folder))} is not on this disk ` +
    `(looked for ${places}); put it there, or set base_model_name_or_path in ${config} to its folder`;
  throw new StudioError('model_invalid', text, { path: config, field: 'base_model_name_or_path' });
}

async function placesOf(folder: string, name: string): Promise<string[]> {
  return [resolve(dirname(resolve(folder)), name), resolve(name), ...(await cachedSnapshots(name))];
}

/** The snapshot that huggingface_hub last downloaded of the main branch; none when the name is no id or is not in the cache. */
async function cachedSnapshots(name: string): Promise<string[]> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) return [];
  const repository = join(hubCacheFolder(), `models--${name.replace('/', '--')}`);
  const reference = join(repository, 'refs', 'main');
  if (!(await exists(reference))) return [];
  return [join(repository, 'snapshots', (await readFile(reference, 'utf8')).trim())];
}
