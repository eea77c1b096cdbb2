import { readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeTinyModel } from '../../export/fixtures/tiny-model.ts';
import { at, jsonLines, run } from '../fixtures/workspace.ts';

beforeAll(async () => {
  await writeTinyModel(at('downloads/tiny'));
});

describe('grpo-studio models', () => {
  test('imports a model, lists it, shows its card, trains it by its name and removes it', async () => {
    expect((await run('models', 'list')).stdout).toContain('No models yet');
    const imported = await run('models', 'import', at('downloads/tiny/config.json'), '--json');
    expect(jsonLines(imported.stdout)).toEqual([{ event: 'imported', name: 'tiny' }]);
    expect((await run('models', 'list')).stdout).toMatch(/tiny +language model +llama +30,400 +F32/);
    const shown = jsonLines((await run('models', 'show', 'tiny', '--json')).stdout)[0];
    expect(shown).toMatchObject({ name: 'tiny', folder: at('home/models/tiny'), linked: false, problem: null });
    expect((await run('models', 'show', 'tiny')).stdout).toMatch(/Folder: +.*models.tiny\n/);

    writeFileSync(at('by-name.yaml'), 'model: tiny\ndataset: examples.jsonl\nmax_steps: 1\n');
    const trained = await run('sft', at('by-name.yaml'), '--json');
    expect(trained).toMatchObject({ status: 0 });
    expect((await run('models', 'show', 'tiny')).stdout).toMatch(/Used by: +sft/);

    expect((await run('models', 'remove', 'tiny')).stdout).toContain('Removed tiny.');
    expect(readdirSync(at('home/models'))).toEqual([]);
    expect(readdirSync(at('downloads/tiny'))).toContain('config.json');
  });

  test('says what is wrong in a sentence', async () => {
    expect((await run('models', 'import', at('nowhere'))).stderr).toContain('does not exist');
    expect((await run('models', 'show', 'nothing')).stderr).toContain('The library has no model nothing');
    const offline = await run('models', 'download', 'some/model', '--offline');
    expect(offline.status).toBe(1);
    expect(offline.stderr).toContain('the network is not touched');
  });

  test('refuses a run that cannot fit, with settings that would, unless told not to mind', async () => {
    writeFileSync(at('letters.jsonl'), '{"prompt": "abc", "completion": "xyz"}\n');
    const huge = ['--set', `dataset=${at('letters.jsonl')}`, '--set', 'batch_size=100000000'];
    const refused = await run('sft', at('sft.yaml'), ...huge);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/needs about [\d.]+ GiB of memory.*--ignore-memory/);
    expect((await run('sft', at('sft.yaml'), ...huge, '--ignore-memory')).status).toBe(0);
  });
});
