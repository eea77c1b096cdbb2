import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataFile } from '../open-data-file.ts';
import type { RawRow } from './raw-row.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'formats-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(name: string, content: string | Buffer) {
  const path = join(folder, name);
  await writeFile(path, content);
  return readAll(path);
}

async function readAll(path: string) {
  const { format, rows } = await openDataFile(path);
  const all: RawRow[] = [];
  for await (const row of rows()) all.push(row);
  return { format, rows: all };
}

describe('JSONL', () => {
  test('numbers rows by their lines and goes on after a broken one', async () => {
    expect(await read('a.jsonl', '\n{"a":1}\n{"a":\n"text"\n')).toEqual({
      format: 'jsonl',
      rows: [
        { number: 2, value: { a: 1 } },
        { number: 3, problem: expect.stringContaining('is not one whole JSON value') as string, excerpt: '{"a":' },
        { number: 4, value: 'text' },
      ],
    });
  });

  test('is known by its lines when it is called .json', async () => {
    expect((await read('lines.json', '{"a":1}\n{"a":2}\n')).format).toBe('jsonl');
  });
});

describe('JSON', () => {
  const values = [{ a: 'x],[{"y\\' }, { b: [[1, 2], { c: [] }] }, 3, 'text', null];

  test.each([
    ['a list', JSON.stringify(values)],
    ['a list over several lines', JSON.stringify(values, null, 2)],
    ['an object with rows', JSON.stringify({ version: ['rows', [0]], rows: values, more: [9] }, null, 1)],
    ['an object with data', `\uFEFF${JSON.stringify({ rows_total: 5, data: values })}`],
  ])('reads %s', async (_, text) => {
    const { format, rows } = await read('a.json', text);
    expect(format).toBe('json');
    expect(rows).toEqual(values.map((value, i) => ({ number: i + 1, value })));
  });

  test('reads elements larger than a chunk of the file, with strings cut anywhere', async () => {
    const long = Array.from({ length: 7 }, (_, i) => ({ text: `${i}${'é\\"]}🤖,'.repeat(40_000)}` }));
    const { rows } = await read('long.json', JSON.stringify(long));
    expect(rows.map((row) => ('value' in row ? row.value : row.problem))).toEqual(long);
  });

  test('an empty list has no rows', async () => {
    expect((await read('a.json', '[ \n ]')).rows).toEqual([]);
  });

  test.each([
    ['[{"a":1},{"a":', [{ number: 1, value: { a: 1 } }], 2, 'the file ends inside its list'],
    ['[{"a":1},{a:2}]', [{ number: 1, value: { a: 1 } }], 2, 'is no valid JSON'],
    ['{"name":"x","list":[1]}', [], 1, 'is no list of rows, and no object with such a list as its rows, data'],
  ])('says what is wrong with %s', async (text, before, number, problem) => {
    const { rows } = await read('a.json', text);
    expect(rows).toEqual([...before, expect.objectContaining({ number })]);
    expect(rows.at(-1)).toHaveProperty('problem', expect.stringContaining(problem));
  });
});

describe('CSV', () => {
  test.each([
    ['comma', ',', 'a.csv', 'csv'],
    ['semicolon', ';', 'a.csv', 'csv'],
    ['tab', '\t', 'a.tsv', 'tsv'],
    ['tab, without an extension', '\t', 'a', 'tsv'],
    ['bar', '|', 'a.csv', 'csv'],
  ])('with %s, quotes, line breaks in them and a byte order mark', async (_, mark, name, format) => {
    const text = `\uFEFFquestion${mark}"the${mark}answer"\r\n"a ""b""${mark}\nc"${mark}1\r\n\r\n x ${mark}2\r\n`;
    const answer = `the${mark}answer`;
    expect(await read(name, text)).toEqual({
      format,
      rows: [
        { number: 2, value: { question: `a "b"${mark}\nc`, [answer]: '1' } },
        { number: 4, value: { question: ' x ', [answer]: '2' } },
      ],
    });
  });

  test('gives every column a name of its own', async () => {
    expect((await read('a.csv', 'a,,a\n1,2,3\n')).rows).toEqual([
      { number: 2, value: { a: '1', 'column 2': '2', 'a 3': '3' } },
    ]);
  });

  test('a row with too few fields is a fault, and so is a quote that stays open', async () => {
    const { rows } = await read('a.csv', 'a,b\n1\n2,3\n"4,5\n6,7\n');
    expect(rows).toEqual([
      { number: 2, problem: 'has 1 field, but the header names 2 columns', excerpt: '1' },
      { number: 3, value: { a: '2', b: '3' } },
      { number: 4, problem: 'opens a quote that is never closed', excerpt: '' },
    ]);
  });
});

describe('Parquet', () => {
  const fixture = (codec: string) => join(import.meta.dirname, `../fixtures/${codec}.parquet`);

  test.each(['none', 'snappy', 'gzip', 'brotli', 'zstd'])(
    'compressed with %s, nested, in two row groups',
    async (codec) => {
      expect(await readAll(fixture(codec))).toEqual({
        format: 'parquet',
        rows: [
          {
            number: 1,
            value: {
              prompt: [{ role: 'user', content: 'What is 1 + 1?' }],
              answer: 2,
              meta: { topic: 'sum', tags: ['a', 'b'] },
              when: '1970-01-01T00:00:00.000Z',
            },
          },
          {
            number: 2,
            value: {
              prompt: [{ role: 'user', content: 'What is 2 + 2?' }],
              answer: '1152921504606846976',
              meta: { topic: null, tags: [] },
              when: null,
            },
          },
        ],
      });
      expect((await openDataFile(fixture(codec))).rowCount).toBe(2);
    },
  );

  test('says which compression it cannot read, and what is damaged', async () => {
    await expect(openDataFile(fixture('lz4'))).rejects.toMatchObject({
      code: 'dataset_invalid',
      message: expect.stringMatching(
        /is compressed with LZ4\w*, which the studio cannot read\. Write it again/,
      ) as string,
    });
    await expect(read('cut.parquet', 'PAR1 and no more')).rejects.toMatchObject({
      code: 'dataset_invalid',
      message: expect.stringContaining('is no whole Parquet file') as string,
    });
  });
});

describe('a file is refused', () => {
  test.each([
    ['empty.jsonl', '', 'is empty.'],
    ['picture.bin', '\x89PNG\0\0', 'is binary, and no Parquet file'],
  ])('%s', async (name, content, message) => {
    await expect(read(name, content)).rejects.toMatchObject({
      code: 'dataset_invalid',
      message: expect.stringContaining(message) as string,
    });
  });

  test('when it is missing or a folder', async () => {
    await expect(openDataFile(join(folder, 'absent'))).rejects.toThrow('does not exist.');
    await expect(openDataFile(folder)).rejects.toThrow('is a folder. Choose a file in it.');
  });
});
