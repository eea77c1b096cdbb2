import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StudioError } from '../contract/errors.ts';
import { readDataset, type ReadDatasetOptions } from './read-dataset.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dataset-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer, options?: ReadDatasetOptions) {
  const path = join(folder, 'data.jsonl');
  await writeFile(path, content);
  return readDataset(path, options);
}

async function failure(content: string | Buffer, options?: ReadDatasetOptions): Promise<StudioError> {
  const error: unknown = await read(content, options).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StudioError);
  expect(error).toMatchObject({ code: 'dataset_invalid', where: { path: join(folder, 'data.jsonl') } });
  return error as StudioError;
}

describe('readDataset', () => {
  test('reads texts and conversations with their columns', async () => {
    const conversation = [
      { role: 'system', content: '' },
      { role: 'user', content: 'Hi' },
    ];
    const lines = [
      { prompt: '1 + 1 =', answer: 2, tags: ['a'] },
      { answer: null, prompt: conversation },
    ];
    expect(await read(lines.map((line) => JSON.stringify(line)).join('\n'))).toEqual([
      { index: 0, prompt: '1 + 1 =', columns: { answer: 2, tags: ['a'] } },
      { index: 1, prompt: conversation, columns: { answer: null } },
    ]);
  });

  test("reads GSM8K's shape and keeps its columns", async () => {
    const row = { question: 'How many?', answer: 'He has 6 * 7 = 42.\n#### 42' };
    expect(await read(JSON.stringify(row))).toEqual([
      { index: 0, prompt: [{ role: 'user', content: 'How many?' }], columns: row },
    ]);
  });

  test('takes CRLF, a byte order mark, blank lines and line separators inside strings', async () => {
    const rows = await read('\uFEFF{"prompt":"a\u2028b"}\r\n\r\n   \n{"prompt":"\uFEFFc"}\r\n');
    expect(rows.map(({ index, prompt }) => [index, prompt])).toEqual([
      [0, 'a\u2028b'],
      [1, '\uFEFFc'],
    ]);
  });

  test('reads lines longer than a chunk of the file, and characters across chunks', async () => {
    const prompts = Array.from({ length: 5 }, (_, index) => `${index}${'é—🤖'.repeat(20_000)}`);
    const rows = await read(prompts.map((prompt) => JSON.stringify({ prompt })).join('\n'));
    expect(rows.map(({ prompt }) => prompt)).toEqual(prompts);
  });

  test('checks the completion column when it is required', async () => {
    const require = { completionColumn: 'completion' };
    expect(await read('{"prompt":"a","completion":"b"}', { require })).toHaveLength(1);
    const absent = await failure('{"prompt":"a","answer":"b"}', { require });
    expect(absent.message).toMatch(/data\.jsonl, line 1: has no "completion" column \(found: prompt, answer\)\.$/);
    expect(absent.where.field).toBe('completion');
    const number = await failure('{"prompt":"a","completion":4}', { require });
    expect(number.message).toContain('"completion" must be a text, but is the number 4');
  });
});

describe('a dataset is refused', () => {
  test.each([
    ['invalid JSON', '{"prompt": oops}', 'is not one whole JSON object: Unexpected token', undefined],
    ['JSON cut off', '{"prompt": "a', 'at column 14', undefined],
    ['a list', '["a"]', 'holds a list instead of a JSON object', undefined],
    ['a bare text', '"a"', 'holds a text instead of a JSON object', undefined],
    ['no prompt', '{"text":"a","label":1}', 'has no "prompt" column (found: text, label)', 'prompt'],
    ['no columns', '{}', 'has no "prompt" column (found: no columns)', 'prompt'],
    ['a prompt of the wrong type', '{"prompt":7}', 'a text or a list of messages, but is the number 7', 'prompt'],
    ['an empty prompt', '{"prompt":""}', '"prompt" is empty', 'prompt'],
    ['an empty conversation', '{"prompt":[]}', 'a conversation without messages', 'prompt'],
    ['a message that is none', '{"prompt":["hi"]}', 'message 1 of "prompt" must be an object', 'prompt.0'],
    ['no role', '{"prompt":[{"content":"a"}]}', 'needs a role such as "user", but has nothing', 'prompt.0.role'],
    [
      'no content',
      '{"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":null}]}',
      'message 2 of "prompt" needs a text as its content, but has null',
      'prompt.1.content',
    ],
    ['a question without a GSM8K answer', '{"question":"a","answer":"42"}', 'ends in "#### number"', 'answer'],
    [
      'an empty question',
      '{"question":"","answer":"#### 1"}',
      '"question" must be a text that is not empty',
      'question',
    ],
  ])('for %s', async (_, line, message, field) => {
    const error = await failure(`{"prompt":"fine"}\n\n${line}\n`);
    expect(error.message).toContain(`${join(folder, 'data.jsonl')}, line 3: `);
    expect(error.message).toContain(message);
    expect(error.where.line).toBe(3);
    expect(error.where.field).toBe(field);
  });

  test('for bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"prompt":"a"}\n{"prompt":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect((await failure(bytes)).message).toContain('line 2: is not valid UTF-8 text');
  });

  test('with every problem listed, the first one in `where`', async () => {
    const error = await failure('{"prompt":1}\n{"prompt":"fine"}\n{"prompt":[{"role":"user"}]}');
    expect(error.message).toMatch(/has 2 problems:\n {2}line 1: "prompt" must .*\n {2}line 3: message 1 /);
    expect(error.where).toEqual({ path: join(folder, 'data.jsonl'), field: 'prompt', line: 1 });
  });

  test('after 20 problems without reading on', async () => {
    const error = await failure('{}\n'.repeat(50));
    expect(error.message).toContain('has 20 problems (reading stopped after 20)');
    expect(error.message.match(/line \d+:/g)).toHaveLength(20);
  });

  test('when it is empty', async () => {
    for (const content of ['', '\n \n']) expect((await failure(content)).message).toContain('holds no rows');
  });

  test('when it is missing or a folder', async () => {
    const path = join(folder, 'absent.jsonl');
    await expect(readDataset(path)).rejects.toMatchObject({
      code: 'dataset_invalid',
      message: `${path} does not exist.`,
      where: { path },
    });
    await expect(readDataset(folder)).rejects.toMatchObject({
      code: 'dataset_invalid',
      message: `${folder} is a folder. Name the JSONL file in it.`,
    });
  });
});
