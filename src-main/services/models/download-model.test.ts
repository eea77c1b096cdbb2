import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeTinyModel } from '../../export/fixtures/tiny-model.ts';
import { acquireLock } from '../../store/run-lock.ts';
import { MODEL_ID, startHubDouble, type HubDouble } from './fixtures/hub-double.ts';
import { DOWNLOAD_LOCK } from './library-folder.ts';
import { openModelLibrary, type DownloadRequest, type ModelLibrary } from './library.ts';

// Pauses between attempts.
vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

let root: string;
let hub: HubDouble;
let models: ModelLibrary;
let files: Map<string, Buffer>;

beforeEach(async () => {
  vi.stubEnv('HF_TOKEN', '');
  vi.stubEnv('HF_HUB_OFFLINE', '');
  root = await mkdtemp(join(tmpdir(), 'download-'));
  const source = join(root, 'source');
  await writeTinyModel(source);
  await writeFile(join(source, 'README.md'), '---\nlicense: mit\n---\n');
  await writeFile(join(source, 'pytorch_model.bin'), 'not wanted');
  files = new Map();
  for (const name of await readdir(source)) files.set(name, await readFile(join(source, name)));
  hub = await startHubDouble(files);
  models = openModelLibrary({ dataDirectory: root, reader: { listRuns: () => [] } as never });
});

afterEach(async () => {
  await hub.close();
  await rm(root, { recursive: true });
  vi.unstubAllEnvs();
});

function download(request: Partial<DownloadRequest> = {}, signal = new AbortController().signal): Promise<string> {
  return models.download(
    { id: MODEL_ID, offline: false, hubUrl: hub.url, ...request },
    { report: () => hub.received(), signal },
  );
}

const fetched = (path: string) =>
  hub.requests.filter((request) => request.includes('/resolve/') && request.includes(`/${path}`));
const weights = () => files.get('model.safetensors') as Buffer;
const kept = async () => {
  const [folder] = await readdir(join(root, 'models/.downloads'));
  return readdir(join(root, 'models/.downloads', folder));
};

test('fetches the files that are needed, checks them and adds the model', async () => {
  expect(await download()).toBe('tiny');
  const card = await models.card('tiny');
  expect(card).toMatchObject({
    licence: 'mit',
    origin: { source: MODEL_ID, revision: expect.stringMatching(/^c0ffee/) as string },
  });
  expect(await readFile(join(card.folder, 'model.safetensors'))).toEqual(weights());
  expect(fetched('pytorch_model.bin')).toEqual([]);
  await expect(download()).rejects.toThrow('already');
});

test('goes on by itself where a connection broke', async () => {
  hub.breaks.push({ path: 'model.safetensors', afterBytes: 5000 });
  expect(await download()).toBe('tiny');
  const ranges = fetched('model.safetensors').map((request) => request.split(' ')[1]);
  expect(ranges).toContainEqual(expect.stringMatching(/^bytes=[1-9]\d*-/));
  expect(await readFile(join(root, 'models/tiny/model.safetensors'))).toEqual(weights());
});

test('goes on as often as it breaks while more arrives', async () => {
  for (let i = 0; i < 20; i++) hub.breaks.push({ path: 'model.safetensors', afterBytes: 3000 });
  expect(await download()).toBe('tiny');
  expect(hub.breaks).toEqual([]);
  expect(await readFile(join(root, 'models/tiny/model.safetensors'))).toEqual(weights());
});

test.each([429, 500, 503])('asks again after %s, wherever it was answered', async (status) => {
  for (const path of ['/revision/', '/tree/', '/config.json', '/model.safetensors']) {
    for (let i = 0; i < 3; i++) hub.refusals.push({ path, status });
  }
  expect(await download()).toBe('tiny');
  expect(hub.refusals).toEqual([]);
});

test('gives up when the hub has no answer, keeps what has arrived, and a new download goes on from there', async () => {
  hub.breaks.push({ path: 'model.safetensors', afterBytes: 3000 });
  let refusing = false;
  const report = () => {
    if (hub.breaks.length === 0 && !refusing) {
      refusing = true;
      hub.refusals = Array.from({ length: 4 }, () => ({ path: '/model.safetensors', status: 503 }));
    }
    hub.received();
  };
  const request = { id: MODEL_ID, offline: false, hubUrl: hub.url };
  const { signal } = new AbortController();
  await expect(models.download(request, { report, signal })).rejects.toThrow('is in trouble (503)');
  expect(await models.list()).toEqual([]);
  expect((await kept()).some((name) => name.startsWith('.partial-'))).toBe(true);
  hub.requests.length = 0;
  expect(await download()).toBe('tiny');
  expect(fetched('config.json')).toEqual([]); // was there already
  expect(fetched('model.safetensors').at(-1)).toMatch(/ bytes=[1-9]\d*-/);
  expect(await readFile(join(root, 'models/tiny/model.safetensors'))).toEqual(weights());
});

test('refuses a file whose checksum is not the one listed, large or small, and fetches it anew the next time', async () => {
  for (const path of ['tokenizer.json', 'model.safetensors']) {
    hub.damaged = path;
    await expect(download()).rejects.toThrow(`${path} of ${MODEL_ID} arrived damaged`);
    expect(await models.list()).toEqual([]);
    expect((await kept()).filter((name) => name === path || name.startsWith('.partial-'))).toEqual([]);
  }
  hub.damaged = null;
  expect(await download()).toBe('tiny');
});

test('says what a gated model needs, and takes a token from the call or the environment', async () => {
  hub.gated = true;
  await expect(download()).rejects.toThrow('give an access token');
  await expect(download({ token: 'hf_wrong' })).rejects.toThrow('the token does not open it');
  await expect(download({ token: 'secret' })).rejects.toThrow('begins with hf_');
  vi.stubEnv('HF_TOKEN', 'hf_secret');
  expect(await download()).toBe('tiny');
});

test('says when there is no such model or revision, or no hub', async () => {
  await expect(download({ revision: 'missing' })).rejects.toThrow(
    'has no model someone/tiny with the revision missing',
  );
  await expect(download({ id: 'someone/else' })).rejects.toThrow('has no model someone/else');
  for (const id of ['no id/at/all', '..', '../..', 'someone/..']) {
    await expect(download({ id })).rejects.toThrow('is no id of a model');
  }
  await expect(download({ hubUrl: 'http://127.0.0.1:1' })).rejects.toThrow('broke off');
});

test('never touches the network when offline is set', async () => {
  await expect(download({ offline: true })).rejects.toThrow('offline is set, so the network is not touched');
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  await expect(download()).rejects.toThrow('HF_HUB_OFFLINE is set');
  expect(hub.requests).toEqual([]);
});

test('stops when it is cancelled, and adds nothing', async () => {
  const controller = new AbortController();
  const signal = controller.signal;
  const report = (_share: number | null, message: string) => {
    if (message.includes('model.safetensors')) controller.abort();
  };
  const request = { id: MODEL_ID, offline: false, hubUrl: hub.url };
  await expect(models.download(request, { report, signal })).rejects.toThrow('aborted');
  expect(await models.list()).toEqual([]);
  expect(await download()).toBe('tiny');
});

test('refuses a model of an unknown family before its weights are fetched', async () => {
  files.set('config.json', Buffer.from('{"model_type":"mamba"}'));
  await expect(download()).rejects.toThrow('model_type "mamba" is not supported');
  expect(fetched('model.safetensors')).toEqual([]);
});

test.each<[string, (entry: Record<string, unknown>) => object]>([
  ['a path that leads out of the folder', (entry) => ({ ...entry, path: `tokenizer/../../${String(entry['path'])}` })],
  ['a checksum that is a path', (entry) => ({ ...entry, lfs: undefined, oid: '../../evil' })],
  ['no checksum', (entry) => ({ ...entry, lfs: undefined, oid: undefined })],
  ['a size that is a text', (entry) => ({ ...entry, size: '12' })],
])('refuses a listing with %s', async (_, spoil) => {
  hub.listing = (entries) => entries.map(spoil);
  await expect(download()).rejects.toThrow('is not the Hugging Face Hub');
  expect(fetched('')).toEqual([]);
});

test('refuses what is no listing, such as the page of a login', async () => {
  hub.listing = () => ({ error: 'log in' });
  await expect(download()).rejects.toThrow('is not the Hugging Face Hub');
});

test('takes the address of a hub with a slash at its end', async () => {
  expect(await download({ hubUrl: `${hub.url}/` })).toBe('tiny');
});

test('stops reading a file that has more bytes than it should', async () => {
  hub.endless = true;
  await expect(download()).rejects.toThrow(/came with \d+ bytes instead of/);
});

test('refuses a repository without safetensors before anything is fetched', async () => {
  files.delete('model.safetensors');
  await expect(download()).rejects.toThrow('pytorch .bin format only');
  expect(fetched('')).toEqual([]);
});

test('says how much room it needs when the disk has less, before anything is fetched', async () => {
  hub.listing = (entries) =>
    entries.map((entry) =>
      entry['lfs'] === undefined ? entry : { ...entry, lfs: { ...(entry['lfs'] as object), size: 2 ** 52 } },
    );
  await expect(download()).rejects.toMatchObject({
    code: 'io_failed',
    message: expect.stringMatching(
      /^someone\/tiny needs 4194304\.0 GiB more on the disk with .*, and .* are free; make room/,
    ),
  });
  expect(fetched('')).toEqual([]);
});

test.skipIf(!existsSync('/dev/full'))('says the same when the disk fills up on the way', async () => {
  const folder = join(root, 'models/.downloads/someone--tiny@c0ffee0000000000000000000000000000000000');
  await mkdir(folder, { recursive: true });
  const checksum = createHash('sha256').update(weights()).digest('hex');
  await symlink('/dev/full', join(folder, `.partial-${checksum}`));
  await expect(download()).rejects.toThrow(/^someone\/tiny needs 1 MiB more on the disk with .* are free; make room/);
});

test('leaves a download alone that is going on', async () => {
  const folder = join(root, 'models/.downloads/someone--tiny@c0ffee0000000000000000000000000000000000');
  await mkdir(folder, { recursive: true });
  const lock = acquireLock(join(folder, DOWNLOAD_LOCK), 0);
  await expect(download()).rejects.toThrow('is being downloaded already');
  lock?.release();
  expect(await download()).toBe('tiny');
  expect(await readdir(join(root, 'models/tiny'))).not.toContain(DOWNLOAD_LOCK);
});
