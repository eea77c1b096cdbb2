/** The model library: models that were imported or downloaded, each checked before it is there. */
import { join } from 'node:path';
import { StudioError, toErrorRecord } from '../../contract/errors.ts';
import type { ModelCard, ModelOrigin } from '../../contract/models.ts';
import type { StoreReader } from '../../store/interfaces.ts';
import { copyModel, fileNames, type TransferProgress } from './copy-model.ts';
import { downloadModel } from './download-model.ts';
import { offlineByEnvironment } from './hub.ts';
import { folderBytes, inspectModel, readAdapterFacts, readLicence } from './inspect-model.ts';
import {
  addFolder,
  addLink,
  findEntry,
  libraryFolder,
  listEntries,
  placeFolder,
  removeEntry,
  removeStale,
  requireFree,
  type LibraryEntry,
} from './library-folder.ts';
import { nameFor, pickedFolder, requireModelFiles, requireName } from './model-files.ts';

export interface ImportRequest {
  /** Folder of a model, or a file in it. */
  path: string;
  name?: string | undefined;
  /** Uses the folder where it lies. */
  link: boolean;
}

export interface DownloadRequest {
  /** `owner/name`. */
  id: string;
  /** Branch, tag or commit; `main` when absent. */
  revision?: string | undefined;
  /** HF_TOKEN when absent. */
  token?: string | undefined;
  name?: string | undefined;
  /** Never touches the network, and neither does HF_HUB_OFFLINE=1. */
  offline: boolean;
  /** Another hub than huggingface.co; HF_ENDPOINT when absent. */
  hubUrl?: string | undefined;
}

export interface ModelLibrary {
  /** Names and folders alone, without looking into them; those whose records are damaged are left out. */
  places(): Promise<{ name: string; path: string }[]>;
  /** By name. A model that cannot be used any more is listed with what is wrong with it. */
  list(): Promise<ModelCard[]>;
  /** The card of a model of the library. Throws StudioError `model_invalid` when there is none of this name. */
  card(name: string): Promise<ModelCard>;
  /** The folder of a model that is named by its name in the library, or by its path. Throws StudioError `model_invalid`, `io_failed`. */
  folderOf(nameOrPath: string): Promise<string>;
  /** Returns the model's name. Throws StudioError, with nothing left behind, when it cannot be used or the name is taken. */
  importModel(request: ImportRequest, progress: TransferProgress): Promise<string>;
  /** Returns the model's name. Throws StudioError; what has arrived is then kept for the next try, outside of the library. */
  download(request: DownloadRequest, progress: TransferProgress): Promise<string>;
  remove(name: string): Promise<void>;
}

interface LibraryParts {
  dataDirectory: string;
  reader: StoreReader;
}

export function openModelLibrary({ dataDirectory, reader }: LibraryParts): ModelLibrary {
  const library = libraryFolder(dataDirectory);
  const downloads = join(library, '.downloads');
  const cleaned = removeStale(library);
  cleaned.catch(() => undefined); // who first uses the library is told

  async function entries(): Promise<LibraryEntry[]> {
    await cleaned;
    return listEntries(library);
  }

  async function entryOf(name: string): Promise<LibraryEntry> {
    await cleaned;
    const entry = await findEntry(library, name);
    if (entry !== null) return entry;
    const all = (await listEntries(library)).map((known) => known.name);
    const there = all.length === 0 ? 'it is empty' : `it has ${all.join(', ')}`;
    throw new StudioError('model_invalid', `The library has no model ${name}: ${there}.`, { field: 'model' });
  }

  async function cardOf(entry: LibraryEntry, all: readonly LibraryEntry[]): Promise<ModelCard> {
    const { name, folder, linked, origin } = entry;
    const card = { name, folder, linked, origin, usedBy: await usersOf(entry, all) };
    try {
      if (entry.problem !== null) throw entry.problem;
      const facts = await inspectModel(folder);
      return { ...card, bytes: await folderBytes(folder), licence: await readLicence(folder), facts, problem: null };
    } catch (error) {
      const problem = toErrorRecord(error, 'model_invalid');
      return { ...card, bytes: await folderBytes(folder).catch(() => 0), licence: null, facts: null, problem };
    }
  }

  async function usersOf(
    { name, folder, origin }: LibraryEntry,
    all: readonly LibraryEntry[],
  ): Promise<ModelCard['usedBy']> {
    const adapters: string[] = [];
    for (const other of all) {
      // One that cannot be read says so on its own card.
      const facts = other.name === name ? null : await readAdapterFacts(other.folder).catch(() => null);
      if (facts !== null && [folder, name, origin.source].includes(facts.base)) adapters.push(other.name);
    }
    const runs = reader.listRuns().filter((run) => reader.getRun(run.id).run.config.model === folder);
    return { runs: runs.map((run) => ({ id: run.id, name: run.name })), adapters };
  }

  return {
    async places() {
      const usable = (await entries()).filter(({ problem }) => problem === null);
      return usable.map(({ name, folder }) => ({ name, path: folder }));
    },
    async list() {
      const all = await entries();
      const cards: ModelCard[] = [];
      for (const entry of all) cards.push(await cardOf(entry, all));
      return cards;
    },
    async card(name) {
      return cardOf(await entryOf(name), await entries());
    },
    async folderOf(nameOrPath) {
      await cleaned;
      const entry = await findEntry(library, nameOrPath);
      if (entry === null) return pickedFolder(nameOrPath);
      if (entry.problem !== null) throw entry.problem;
      return entry.folder;
    },
    async importModel({ path, name: wanted, link }, progress) {
      await cleaned;
      const source = await pickedFolder(path);
      const name = wanted ?? nameFor(source);
      requireName(name);
      await requireFree(library, name);
      progress.report(null, `Checking ${source}`);
      requireModelFiles(await fileNames(source), source);
      await inspectModel(source);
      const origin: ModelOrigin = { source, revision: null, addedAt: new Date().toISOString() };
      if (link) await addLink(library, name, origin, source);
      else {
        await addFolder(library, name, origin, async (folder) => {
          await copyModel(source, folder, progress);
          await inspectModel(folder);
        });
      }
      return name;
    },
    async download({ id, revision = 'main', token, name: wanted, offline, hubUrl }, progress) {
      if (offline || offlineByEnvironment()) {
        const why = offline ? 'offline is set' : 'HF_HUB_OFFLINE is set';
        throw new StudioError('io_failed', `${id} is not downloaded: ${why}, so the network is not touched.`, {
          field: 'offline',
        });
      }
      await cleaned;
      requireId(id);
      const name = wanted ?? nameFor(id);
      requireName(name);
      await requireFree(library, name);
      const access = {
        id,
        revision,
        token: requireToken(token ?? process.env['HF_TOKEN']),
        hubUrl: hubUrl ?? endpoint(),
        signal: progress.signal,
      };
      await downloadModel(access, downloads, progress, async (folder, commit) => {
        progress.report(null, `Checking ${id}`);
        await inspectModel(folder);
        await placeFolder(library, folder, name, { source: id, revision: commit, addedAt: new Date().toISOString() });
      });
      return name;
    },
    async remove(name) {
      const entry = await entryOf(name);
      const { adapters } = await usersOf(entry, await entries());
      if (adapters.length > 0) {
        const message = `${name} is what ${adapters.join(', ')} stands on; remove ${adapters.length === 1 ? 'that adapter' : 'those adapters'} first.`;
        throw new StudioError('model_invalid', message, { path: entry.folder });
      }
      await removeEntry(library, entry);
    },
  };
}

/** Another hub than huggingface.co, as huggingface_hub takes it from the environment; null where none is named. */
function endpoint(): string | null {
  const named = process.env['HF_ENDPOINT'] ?? '';
  return named === '' ? null : named;
}

function requireId(id: string): void {
  if (/^\w[\w.-]*(\/\w[\w.-]*)?$/.test(id)) return;
  const message = `${JSON.stringify(id)} is no id of a model on the Hugging Face Hub, which is owner/name.`;
  throw new StudioError('config_invalid', message, { field: 'id' });
}

function requireToken(token: string | undefined): string | null {
  if (token === undefined || token === '') return null;
  if (token.startsWith('hf_')) return token;
  throw new StudioError('config_invalid', 'An access token of the Hugging Face Hub begins with hf_.', {
    field: 'token',
  });
}
