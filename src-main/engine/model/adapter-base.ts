/** Finds the folder of the model that an adapter names as its base. */
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { StudioError } from '../../contract/errors.ts';

/**
 * A base is named by its path, by its name in the folder that holds the adapter's, or by its id on the Hugging Face Hub, which is
 * looked for in the Hub's cache on this disk. Nothing is downloaded.
 *
 * @param folder of the adapter
 * @param config path of the file that names the base, for the error
 * @throws StudioError `model_invalid` when there is no such model here, with the places looked at
 */
export async function findBase(folder: string, name: string, config: string): Promise<string> {
  const candidates = [resolve(dirname(resolve(folder)), name), resolve(name), ...(await cachedSnapshots(name))];
  for (const candidate of candidates) if (await exists(join(candidate, 'config.json'))) return candidate;
  const text =
    `the base model ${name} of the adapter ${basename(resolve(folder))} is not on this disk ` +
    `(looked for ${[...new Set(candidates)].join(' and ')}); put it there, or set base_model_name_or_path in ${config} to its folder`;
  throw new StudioError('model_invalid', text, { path: config, field: 'base_model_name_or_path' });
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The snapshot that huggingface_hub last downloaded of the main branch; none when the name is no id or is not in the cache. */
async function cachedSnapshots(name: string): Promise<string[]> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) return [];
  const home = process.env['HF_HOME'] ?? join(homedir(), '.cache', 'huggingface');
  const repository = join(process.env['HF_HUB_CACHE'] ?? join(home, 'hub'), `models--${name.replace('/', '--')}`);
  const reference = join(repository, 'refs', 'main');
  if (!(await exists(reference))) return [];
  return [join(repository, 'snapshots', (await readFile(reference, 'utf8')).trim())];
}
