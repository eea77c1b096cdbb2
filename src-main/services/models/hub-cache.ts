/** The cache that the Hugging Face libraries of other programs keep on this disk: which models are in it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ADAPTER_CONFIG_FILE } from '../../checkpoint/adapter-description.ts';
import { hubCacheFolder } from '../../checkpoint/hub-cache-folder.ts';
import type { CachedModel } from '../../contract/models.ts';
import { fileNames } from './copy-model.ts';
import { folderBytes } from './inspect-model.ts';
import { orMissing } from './library-folder.ts';

/** The snapshots with a model's or an adapter's config, the newest first. No cache is an empty one. */
export async function listHubCache(cache = hubCacheFolder()): Promise<CachedModel[]> {
  const models: (CachedModel & { modified: number })[] = [];
  for (const repository of await readdir(cache).catch(orMissing<string[]>([]))) {
    if (!repository.startsWith('models--')) continue;
    const id = repository.slice('models--'.length).replaceAll('--', '/');
    const references = await readReferences(join(cache, repository, 'refs'));
    const snapshots = join(cache, repository, 'snapshots');
    for (const revision of await readdir(snapshots).catch(orMissing<string[]>([]))) {
      const folder = join(snapshots, revision);
      const entry = await stat(folder);
      if (!entry.isDirectory()) continue;
      const names = await fileNames(folder);
      if (!names.includes('config.json') && !names.includes(ADAPTER_CONFIG_FILE)) continue;
      models.push({
        id,
        revision,
        references: references.filter(([, commit]) => commit === revision).map(([name]) => name),
        folder,
        bytes: await folderBytes(folder),
        modified: entry.mtimeMs,
      });
    }
  }
  return models
    .sort((a, b) => b.modified - a.modified)
    .map(({ id, revision, references, folder, bytes }) => ({ id, revision, references, folder, bytes }));
}

async function readReferences(folder: string): Promise<[name: string, commit: string][]> {
  const references: [string, string][] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(orMissing([]))) {
    if (entry.isFile()) references.push([entry.name, (await readFile(join(folder, entry.name), 'utf8')).trim()]);
  }
  return references;
}
