/** The cache that the Hugging Face libraries of other programs keep on this disk: which models are in it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ADAPTER_CONFIG_FILE } from '../../checkpoint/adapter-description.ts';
import { hubCacheFolder } from '../../checkpoint/hub-cache-folder.ts';
import type { CachedModel } from '../../contract/models.ts';
import { fileNames } from './copy-model.ts';
import { folderBytes } from './inspect-model.ts';
import { orMissing } from './library-folder.ts';

type Snapshot = CachedModel & { modified: number };

/** The snapshots with a model's or an adapter's config, the newest first, those that cannot be read last. No cache is an empty one. */
export async function listHubCache(cache = hubCacheFolder()): Promise<CachedModel[]> {
  const models: Snapshot[] = [];
  for (const repository of await readdir(cache).catch(orMissing<string[]>([]))) {
    if (!repository.startsWith('models--')) continue;
    const id = repository.slice('models--'.length).replaceAll('--', '/');
    const unreadable = (folder: string, revision: string) => (error: unknown) => {
      const problem = `${folder} cannot be read: ${(error as Error).message}.`;
      models.push({ id, revision, references: [], folder, bytes: 0, problem, modified: 0 });
      return [];
    };
    const references = await readReferences(join(cache, repository, 'refs'));
    const snapshots = join(cache, repository, 'snapshots');
    const revisions = await readdir(snapshots).catch(orMissing<string[]>([])).catch(unreadable(snapshots, ''));
    for (const revision of revisions) {
      const folder = join(snapshots, revision);
      const ofRevision = references.filter(([, commit]) => commit === revision).map(([name]) => name);
      models.push(
        ...(await readSnapshot(folder, { id, revision, references: ofRevision }).catch(unreadable(folder, revision))),
      );
    }
  }
  return models.sort((a, b) => b.modified - a.modified).map(({ modified: _, ...model }) => model);
}

/** Empty for what is no model. */
async function readSnapshot(
  folder: string,
  named: Pick<CachedModel, 'id' | 'revision' | 'references'>,
): Promise<Snapshot[]> {
  const entry = await stat(folder);
  if (!entry.isDirectory()) return [];
  const names = await fileNames(folder);
  if (!names.includes('config.json') && !names.includes(ADAPTER_CONFIG_FILE)) return [];
  return [{ ...named, folder, bytes: await folderBytes(folder), problem: null, modified: entry.mtimeMs }];
}

/** A reference that cannot be read names nothing. */
async function readReferences(folder: string): Promise<[name: string, commit: string][]> {
  const references: [string, string][] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const commit = entry.isFile() ? await readFile(join(folder, entry.name), 'utf8').catch(() => null) : null;
    if (commit !== null) references.push([entry.name, commit.trim()]);
  }
  return references;
}
