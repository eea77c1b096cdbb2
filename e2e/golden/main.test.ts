import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeBackends } from '../../src-main/engine/tensor/backend.ts';
import { goldenFolder } from '../fixtures/golden.ts';

const probes = await probeBackends();

/** Runs the command as npm does. */
function runner(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words], {
    encoding: 'utf8',
  });
  const lines = stdout.trimEnd().split('\n');
  return { status, stderr, lines, failures: lines.filter((line) => line.startsWith('FAIL')), last: lines.at(-1) };
}

describe('the golden runner', () => {
  for (const { name, available, why } of probes) {
    test.skipIf(!available)(`passes the project's copy on ${name}${available ? '' : ` (${why})`}`, () => {
      const { status, failures, lines, last } = runner(goldenFolder, '--backend', name);
      expect(failures).toEqual([]);
      expect(last).toMatch(/^[1-9]\d+ passed, 0 failed$/);
      expect(lines[0]).toContain(`on ${name} (`);
      expect(status).toBe(0);
    });
  }

  test('runs the files and cases that --only names', () => {
    expect(runner(goldenFolder, '--only', 'logps', '--backend', 'cpu').last).toBe('3 passed, 0 failed');
    const { last, status } = runner(goldenFolder, '--only', 'logps.json,grpo/clip-higher', '--backend', 'cpu');
    expect([last, status]).toEqual(['4 passed, 0 failed', 0]);
  });

  test.each([
    [['/nowhere'], /^Cannot read the folder \/nowhere: .*ENOENT/],
    [[import.meta.dirname], /holds no golden data: none of grpo_loss, /],
    [[goldenFolder, '--only', 'logps,mamba'], /No file and no case of .* is named "mamba"\./],
    [[goldenFolder, '--backend', 'abacus'], /The backend "abacus" is unknown; there are auto, native, /],
    [[], /One folder is expected, not 0\.\nUsage: npm run -s golden/],
  ])('refuses %j in a sentence', (words, message) => {
    const { status, stderr } = runner(...words);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(status).toBe(2);
  });
});

describe('a folder that is not as it should be', () => {
  let folder: string;
  const file = (name: string) => join(folder, `${name}.json`);
  const edit = async (name: string, change: (content: never) => void) => {
    const content = JSON.parse(await readFile(file(name), 'utf8')) as never;
    change(content);
    await writeFile(file(name), JSON.stringify(content));
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'golden-'));
    await cp(goldenFolder, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('has every falsified value reported, and no other', async () => {
    const truth = runner(folder, '--backend', 'cpu').last;
    await edit('grpo_loss', ({ cases }: { cases: { expected: { grad_logps: number[][] } }[] }) => {
      cases[2].expected.grad_logps[3][0] += 0.25;
    });
    await edit('models', ({ models }: { models: Record<string, { greedy: number[] }> }) => {
      models['llama-tied'].greedy[7] += 1;
    });
    const { failures, last, status } = runner(folder, '--backend', 'cpu');
    expect(failures).toEqual([
      expect.stringMatching(
        /^FAIL grpo_loss\.json: grpo\/sequence\/beta=0\.0: grad_logps: expected \[.*\], got \[.*\]; worst element: \[3,0\] expected \S+, got \S+, difference 0\.2[45]\d*, tolerance 0\.00001$/,
      ),
      expect.stringMatching(
        /^FAIL models\.json: llama-tied: greedy: expected \[.*\], got \[.*\]; worst element: \[7\] expected \d+, got \d+, difference 1, tolerance 0$/,
      ),
    ]);
    const passed = Number(truth?.split(' ')[0]);
    expect(last).toBe(`${passed - 2} passed, 2 failed`);
    expect(status).toBe(1);
  });

  test('gets a sentence for each malformed or unknown file, and the rest goes on', async () => {
    await writeFile(file('logps'), '{"logits": [');
    await edit('sampling', (content: { cases: unknown }) => void (content.cases = 'none'));
    await writeFile(file('surprise'), '{}');
    await rm(join(folder, 'models', 'llama-tied', 'model.safetensors'));
    const { lines, failures, last } = runner(folder, '--backend', 'cpu');
    expect(lines).toContain('unknown file: surprise.json');
    expect(failures).toEqual([
      expect.stringMatching(/^FAIL logps\.json: the whole file: .*logps\.json is no golden file of its kind: .*JSON/),
      expect.stringMatching(/^FAIL sampling\.json: the whole file: .* of its kind: cases: .*expected array/),
      ...[
        'models.json: llama-tied',
        'models.json: llama-tied-lora',
        'grpo_updates.json: 3 updates, full',
        'grpo_updates.json: 3 updates, LoRA',
      ].map((name) => expect.stringMatching(`^FAIL ${name}: .*llama-tied/model\\.safetensors does not exist`)),
    ]);
    expect(last).toMatch(/^[1-9]\d+ passed, 6 failed$/);
  });
});
