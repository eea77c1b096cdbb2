import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeTinyAdapter, writeTinyModel } from '../../export/fixtures/tiny-model.ts';
import { acquireLock } from '../../store/run-lock.ts';
import { copyModel, fileNames } from './copy-model.ts';
import { listHubCache } from './hub-cache.ts';
import { inspectCheckpoint } from './inspect-checkpoint.ts';
import { licenceOf } from './inspect-model.ts';
import { namedFolder } from './library-folder.ts';
import { readModelReadme } from './model-readme.ts';
import { openModelLibrary, type ModelLibrary } from './library.ts';
import { modelFiles, nameFor } from './model-files.ts';

let root: string;
let models: ModelLibrary;
let source: string;
const at = (name: string) => join(root, name);
const progress = () => ({ report: () => undefined, signal: new AbortController().signal });

/** A library in which one run began from the given folder. */
const open = (model = '') =>
  openModelLibrary({
    dataDirectory: root,
    reader: {
      listRuns: () => [{ id: 'r1', name: 'first run' }],
      getRun: () => ({ run: { config: { model } } }),
    } as never,
  });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'library-'));
  models = open();
  source = at('somewhere/tiny model');
  await writeTinyModel(source);
  await writeFile(join(source, 'README.md'), '---\nlanguage: en\nlicense: "apache-2.0"\n---\n# Tiny\n');
  await writeFile(join(source, 'optimizer.safetensors'), 'moments');
});

afterEach(() => rm(root, { recursive: true }));

describe('import', () => {
  test('copies what makes up the model, and its card says what it is', async () => {
    const shares: (number | null)[] = [];
    const name = await models.importModel(
      { path: source, link: false },
      { ...progress(), report: (share) => shares.push(share) },
    );
    expect(name).toBe('tiny-model');
    expect(shares.at(-1)).toBe(1);
    const card = await models.card(name);
    expect(await readdir(card.folder)).not.toContain('optimizer.safetensors');
    expect(card).toMatchObject({
      name,
      folder: at('models/tiny-model'),
      linked: false,
      origin: { source, revision: null },
      licence: 'apache-2.0',
      problem: null,
      facts: {
        kind: 'language_model',
        family: 'llama',
        architecture: 'LlamaForCausalLM',
        dtypes: ['F32'],
        contextLength: 32,
        vocabulary: 40,
        endTokens: ['<|im_end|>', '<pad>'],
        templatePreview: '<|im_start|>user\nWhat is 2 + 3?<|im_end|>\n<|im_start|>assistant\n',
      },
    });
    expect(card.facts?.parameters).toBe((await inspectCheckpoint(source)).parameters);
  });

  test('takes a file for its folder, a name, and a link that leaves the folder where it is', async () => {
    const name = await models.importModel({ path: join(source, 'config.json'), name: 'mine', link: true }, progress());
    expect(await models.folderOf(name)).toBe(source);
    expect(namedFolder(at('models'), 'mine')).toBe(source);
    await models.remove(name);
    expect(await models.list()).toEqual([]);
    expect(await readdir(source)).toContain('config.json');
  });

  test('follows the links of a Hugging Face cache', async () => {
    const repository = at('cache/models--some--tiny');
    const snapshot = join(repository, 'snapshots/abc123');
    await mkdir(snapshot, { recursive: true });
    await mkdir(join(repository, 'refs'));
    await writeFile(join(repository, 'refs/main'), 'abc123');
    await cp(source, join(repository, 'blobs'), { recursive: true });
    for (const file of await readdir(source)) await symlink(join('../../blobs', file), join(snapshot, file));
    const [cached] = await listHubCache(at('cache'));
    expect(cached).toMatchObject({ id: 'some/tiny', revision: 'abc123', references: ['main'], folder: snapshot });
    expect(await listHubCache(at('nowhere'))).toEqual([]);

    await symlink('../../gone', join(repository, 'snapshots/def456'));
    await symlink('gone', join(repository, 'refs/old'));
    await mkdir(at('cache/models--some--half'));
    await writeFile(at('cache/models--some--half/refs'), '');
    await writeFile(at('cache/models--some--half/snapshots'), '');
    const broken = (await listHubCache(at('cache'))).map(({ id, revision, problem }) => [id, revision, problem]);
    expect(broken).toEqual([
      ['some/tiny', 'abc123', null],
      ['some/half', '', expect.stringContaining('snapshots cannot be read: ENOTDIR')],
      ['some/tiny', 'def456', expect.stringContaining('def456 cannot be read: ENOENT')],
    ]);

    expect(await models.importModel({ path: cached.folder, link: false }, progress())).toBe('tiny');
    await rm(at('cache'), { recursive: true });
    expect((await models.card('tiny')).problem).toBeNull();
  });

  test('leaves nothing behind when the model is broken, the name is taken or it is cancelled', async () => {
    const left = () => readdir(at('models')).catch(() => []);
    await truncate(join(source, 'model.safetensors'), 1000);
    await expect(models.importModel({ path: source, link: false }, progress())).rejects.toThrow('model.safetensors');
    await rm(join(source, 'config.json'));
    await expect(models.importModel({ path: source, link: false }, progress())).rejects.toThrow('neither config.json');
    await expect(models.importModel({ path: at('nothing'), link: false }, progress())).rejects.toThrow(
      'does not exist',
    );
    expect(await left()).toEqual([]);

    await writeTinyModel(source);
    const controller = new AbortController();
    const cancelled = { report: () => controller.abort(), signal: controller.signal };
    await expect(models.importModel({ path: source, link: false }, cancelled)).rejects.toThrow('aborted');
    expect(await left()).toEqual([]);

    await models.importModel({ path: source, link: false }, progress());
    await expect(models.importModel({ path: source, link: true }, progress())).rejects.toThrow('already');
    await expect(models.importModel({ path: source, name: '../out', link: true }, progress())).rejects.toThrow('name');
    expect(await left()).toEqual(['tiny-model']);
  });

  test('says in a sentence that a file or a folder cannot be read or written', async () => {
    const error = { code: 'io_failed', message: expect.stringContaining('cannot be copied') as string };
    await expect(copyModel(source, at('nowhere'), progress())).rejects.toMatchObject(error);
    await expect(fileNames(at('nowhere'))).rejects.toMatchObject({ code: 'io_failed' });
  });

  test('clears away what a process that is gone left half written, and no other', async () => {
    await mkdir(at(`models/.tmp-${process.pid}-dead`), { recursive: true });
    await writeFile(at(`models/.tmp-${process.pid}-dead.lock`), '');
    await mkdir(at('models/.tmp-alive'));
    const lock = acquireLock(at('models/.tmp-alive.lock'), 0);
    expect(await open().list()).toEqual([]);
    expect(await readdir(at('models'))).toEqual(['.tmp-alive', '.tmp-alive.lock']);
    lock?.release();
    expect(await open().list()).toEqual([]);
    expect(await readdir(at('models'))).toEqual([]);
  });
});

describe('the library', () => {
  test('tells who uses a model, and keeps what an adapter stands on', async () => {
    await models.importModel({ path: source, name: 'base', link: false }, progress());
    await writeTinyAdapter(at('adapter'), at('models/base'));
    await models.importModel({ path: at('adapter'), link: false }, progress());
    models = open(at('models/base'));
    expect((await models.card('base')).usedBy).toEqual({
      runs: [{ id: 'r1', name: 'first run' }],
      adapters: ['adapter'],
    });
    expect((await models.card('adapter')).facts).toMatchObject({
      kind: 'adapter',
      adapter: { base: at('models/base'), rank: 3, targetModules: ['q_proj', 'down_proj'] },
      shape: null,
    });
    await expect(models.remove('base')).rejects.toThrow('base is what adapter stands on');
    await models.remove('adapter');
    await models.remove('base');
    expect(await readdir(at('models'))).toEqual([]);
  });

  test('refuses an adapter that could not be trained or exported, as the engine does', async () => {
    await writeTinyAdapter(at('adapter'), source);
    const path = at('adapter/adapter_config.json');
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), use_dora: true }));
    const refused = models.importModel({ path: at('adapter'), link: false }, progress());
    await expect(refused).rejects.toMatchObject({ code: 'model_unsupported', where: { field: 'use_dora' } });
  });

  test('refuses an adapter whose tensors are not those that its config and its base call for', async () => {
    await writeTinyAdapter(at('adapter'), source);
    const path = at('adapter/adapter_config.json');
    const config = JSON.parse(await readFile(path, 'utf8')) as object;
    const refused = async (change: object) => {
      await writeFile(path, JSON.stringify({ ...config, ...change }));
      return models.importModel({ path: at('adapter'), link: false }, progress());
    };
    await expect(refused({ r: 2 ** 40 })).rejects.toThrow('has shape [3,');
    await expect(refused({ target_modules: ['v_proj'] })).rejects.toThrow('does not call for');
    await expect(refused({ target_modules: ['zzz'] })).rejects.toThrow('has no linear layer zzz');
    await expect(refused({ task_type: 'SEQ_CLS' })).rejects.toThrow('lacks the tensor base_model.model.score.weight');
    const file = at('adapter/adapter_model.safetensors');
    await writeFile(file, (await readFile(file)).toString('latin1').replaceAll('"F32"', '"I32"'), 'latin1');
    await expect(refused({})).rejects.toMatchObject({ code: 'model_unsupported' });
    expect(await readdir(at('models')).catch(() => [])).toEqual([]);
  });

  test('lists a model that was damaged since with what is wrong', async () => {
    await models.importModel({ path: source, name: 'spoilt', link: false }, progress());
    await writeFile(at('models/spoilt/tokenizer.json'), '{');
    const [card] = await models.list();
    expect(card).toMatchObject({ name: 'spoilt', facts: null, problem: { code: 'tokenizer_invalid' } });
  });

  test('lists the others when the record of one is damaged, which can only be removed', async () => {
    await models.importModel({ path: source, name: 'copied', link: false }, progress());
    await models.importModel({ path: source, name: 'linked', link: true }, progress());
    await models.importModel({ path: source, name: 'whole', link: true }, progress());
    const records = { copied: at('models/copied/.grpo-studio.json'), linked: at('models/linked.link') };
    for (const path of Object.values(records)) await writeFile(path, '{"source":');
    const cards = await models.list();
    expect(cards.map(({ name, problem }) => [name, problem?.path])).toEqual([
      ...Object.entries(records),
      ['whole', undefined],
    ]);
    expect((await models.places()).map(({ name }) => name)).toEqual(['whole']);
    await expect(models.folderOf('linked')).rejects.toThrow('linked.link is damaged');
    expect(() => namedFolder(at('models'), 'linked')).toThrow('linked.link is damaged');
    await models.remove('copied');
    await models.remove('linked');
    expect((await models.list()).map(({ name }) => name)).toEqual(['whole']);
  });

  test('says what it has when a name is unknown', async () => {
    await models.importModel({ path: source, name: 'one', link: false }, progress());
    await expect(models.card('two')).rejects.toThrow('The library has no model two: it has one.');
  });
});

test('modelFiles takes one file of weights before several, and no other formats', () => {
  const shards = [
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'model.safetensors.index.json',
  ];
  const others = ['config.json', 'optimizer.safetensors', 'pytorch_model.bin', 'picture.png', 'tokenizer.json'];
  expect(modelFiles([...shards, ...others])).toEqual(['config.json', ...shards, 'tokenizer.json']);
  expect(modelFiles([...shards, ...others, 'model.safetensors'])).toEqual([
    'config.json',
    'model.safetensors',
    'tokenizer.json',
  ]);
});

test('modelFiles takes the parts of a model under whatever name they are numbered', () => {
  const files = ['pytorch_model-00001-of-00001.safetensors', 'model.safetensors.index.json'];
  expect(modelFiles([...files, 'consolidated.safetensors'])).toEqual([...files].sort());
});

test('nameFor makes a plain name', () => {
  expect(nameFor('HuggingFaceTB/SmolLM2-135M')).toBe('SmolLM2-135M');
  expect(nameFor('/cache/models--some--tiny/snapshots/abc')).toBe('tiny');
  expect(nameFor('/tmp/.hidden (copy)')).toBe('hidden-copy-');
});

test('licenceOf reads the front matter alone', () => {
  expect(licenceOf('---\nlicense: other\nlicense_name: llama3.2\n---\n')).toBe('llama3.2');
  expect(licenceOf('# Title\nlicense: mit\n')).toBeNull();
});

test('a README or LICENSE that is not UTF-8 is shown as far as it goes, and the model is no worse for it', async () => {
  await writeFile(join(source, 'README.md'), Buffer.from('---\nlicense: mit\n---\n# Caf\xe9\n', 'latin1'));
  await writeFile(join(source, 'LICENSE'), Buffer.from('Licence libert\xe9\n', 'latin1'));
  await models.importModel({ path: source, name: 'french', link: false }, progress());
  expect(await models.card('french')).toMatchObject({ licence: 'mit', problem: null });
  expect(await readModelReadme(at('models/french'))).toBe('# Caf\ufffd');
});

test('a README without a licence leaves it to the LICENSE file', async () => {
  await writeFile(join(source, 'README.md'), '# Tiny\n');
  await writeFile(join(source, 'LICENSE'), '\n   Apache License\n  Version 2.0\n');
  await models.importModel({ path: source, name: 'licensed', link: false }, progress());
  expect((await models.card('licensed')).licence).toBe('Apache License');
  expect(await readFile(at('models/licensed/LICENSE'), 'utf8')).toContain('Version 2.0');
});
