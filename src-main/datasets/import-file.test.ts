import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datasetMappingSchema, importOptionsSchema, type ImportOptions } from '../contract/dataset-mapping.ts';
import { importFiles } from './import-file.ts';
import { inspectFile } from './inspect-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-'));
});
afterAll(() => rm(folder, { recursive: true }));

const mapping = datasetMappingSchema.parse({
  prompt: { kind: 'column', column: 'q', form: 'text' },
  roles: { answer: 'a' },
});

async function file(name: string, rows: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  return path;
}

async function importRows(path: string, options: Partial<ImportOptions> = {}, evalPath: string | null = null) {
  const train: unknown[] = [];
  const held: unknown[] = [];
  const sink = { train: (row: object) => train.push(row), eval: (row: object) => held.push(row) };
  const request = { path, evalPath, mapping, options: importOptionsSchema.parse(options) };
  return { report: await importFiles(request, sink), train, held };
}

const promptsOf = (rows: unknown[]) => rows.map((row) => (row as { prompt: string }).prompt);

describe('importFiles', () => {
  test('takes a repeated prompt once: to the letter, or up to case, space and a full stop', async () => {
    const path = await file('duplicates.jsonl', [
      { q: 'What is 3 + 5?', a: 8 },
      { q: 'what is  3 + 5', a: 8 },
      { q: 'What is 3 - 5?', a: -2 },
      { q: 'What is 3 + 5?', a: 8 },
    ]);
    const taken = async (duplicates: ImportOptions['duplicates']) => {
      const { report, train } = await importRows(path, { duplicates, evalShare: 0 });
      return [train.length, report.duplicates];
    };
    expect(await taken('keep')).toEqual([4, 0]);
    expect(await taken('exact')).toEqual([3, 1]);
    expect(await taken('normalised')).toEqual([2, 2]);
  });

  test('divides by the prompt: the same again for a seed, never one prompt on both sides, whatever the order', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      q: `${i % 2 === 0 ? 'Say' : 'say'} ${Math.floor(i / 2)}`,
      a: i,
    }));
    const one = await importRows(await file('one.jsonl', rows), { evalShare: 0.2, seed: 7 });
    const other = await importRows(await file('other.jsonl', rows.toReversed()), { evalShare: 0.2, seed: 7 });
    expect(promptsOf(other.held).sort()).toEqual(promptsOf(one.held).sort());
    expect(one.report).toMatchObject({ read: 3000, train: one.train.length, eval: one.held.length });
    expect(one.held.length / 3000).toBeCloseTo(0.2, 1);
    const trained = new Set(promptsOf(one.train).map((prompt) => prompt.toLowerCase()));
    expect(promptsOf(one.held).filter((prompt) => trained.has(prompt.toLowerCase()))).toEqual([]);
    const reseeded = await importRows(join(folder, 'one.jsonl'), { evalShare: 0.2, seed: 8 });
    expect(promptsOf(reseeded.held)).not.toEqual(promptsOf(one.held));
  });

  test('holds out a file of its own, without the prompts that are trained on', async () => {
    const path = await file('train.jsonl', [
      { q: 'a', a: 1 },
      { q: 'b', a: 2 },
    ]);
    const evalPath = await file('test.jsonl', [
      { q: 'b', a: 2 },
      { q: 'c', a: 3 },
    ]);
    const { train, held, report } = await importRows(path, { evalShare: 0.5 }, evalPath);
    expect(promptsOf(train)).toEqual(['a', 'b']);
    expect(promptsOf(held)).toEqual(['c']);
    expect(report.duplicates).toBe(1);
  });

  test('counts rows with faults and shows where they are; or stops at the first', async () => {
    const path = await file('faults.jsonl', [{ q: 'a', a: 1 }, { q: 'b' }, { q: '', a: 3 }, { q: 'd', a: 4 }]);
    const { report, train } = await importRows(path, { faults: 'skip', evalShare: 0 });
    expect(promptsOf(train)).toEqual(['a', 'd']);
    expect(report).toMatchObject({ read: 4, faulty: 2 });
    expect(report.faults).toEqual([
      { file: 'faults.jsonl', row: 2, field: 'a', message: 'has no "a" column (found: q)', excerpt: '{"q":"b"}' },
      expect.objectContaining({ row: 3, field: 'q' }),
    ]);
    await expect(importRows(path, { faults: 'stop' })).rejects.toMatchObject({
      code: 'dataset_invalid',
      message: expect.stringContaining('faults.jsonl, row 2: has no "a" column') as string,
      where: { path, line: 2, field: 'a' },
    });
  });

  test('takes no more rows than it may, the first', async () => {
    const path = await file(
      'many.jsonl',
      Array.from({ length: 10 }, (_, i) => ({ q: `q${i}`, a: i })),
    );
    const { train, report } = await importRows(path, { maxRows: 3, evalShare: 0 });
    expect(promptsOf(train)).toEqual(['q0', 'q1', 'q2']);
    expect(report.read).toBe(3);
  });
});

describe('inspectFile', () => {
  const suggestionsOf = async (name: string, row: object) => {
    const { file: found } = await inspectFile(await file(name, [row, row]));
    return found.suggestions;
  };

  test.each<[string, object]>([
    ['gsm8k', { question: 'a', answer: `${'long '.repeat(200)}\n#### 4` }],
    ['answer', { problem: 'a', solution: '4' }],
    ['chat', { messages: [{ role: 'user', content: 'a' }] }],
    ['chat', { conversations: [{ from: 'human', value: 'a' }] }],
    ['alpaca', { instruction: 'a', input: '', output: 'b' }],
    ['completion', { prompt: 'a', completion: 'b' }],
    ['preferences', { prompt: 'a', chosen: 'b', rejected: 'c' }],
    ['preferences', { chosen: [{ role: 'user', content: 'a' }], rejected: [{ role: 'user', content: 'a' }] }],
    ['scored', { prompt: 'a', completion: 'b', score: 1 }],
    ['prompt', { text_of_it: 'a' }],
  ])('knows %s', async (name, row) => {
    expect((await suggestionsOf('known.jsonl', row))[0].name).toBe(name);
  });

  test('tells what the columns hold, and estimates the rows of a large file', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      q: `question ${i}`,
      a: i % 4 === 0 ? null : i,
      tags: ['x'],
    }));
    const { file: found } = await inspectFile(await file('large.jsonl', rows));
    expect(found.columns.map(({ name, kinds, emptyShare }) => [name, kinds, emptyShare])).toEqual([
      ['q', ['text'], 0],
      ['a', ['number'], 0.25],
      ['tags', ['list'], 0],
    ]);
    expect(found.rows.exact).toBe(false);
    expect(found.rows.count).toBeGreaterThan(4000);
    expect(found.rows.count).toBeLessThan(6000);
  });
});
