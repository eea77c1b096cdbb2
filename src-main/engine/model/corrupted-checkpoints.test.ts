import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goldenFolder } from '../../../e2e/fixtures/golden.ts';
import { StudioError } from '../../contract/errors.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import { corruptions } from '../fixtures/corruptions.ts';
import { smallCheckpoint, writeFiles, type Corruption, type Files } from '../fixtures/small-checkpoint.ts';
import { shardedCorruptions } from '../fixtures/weight-corruptions.ts';
import { selectBackend } from '../tensor/backend.ts';
import { inspectCheckpoint } from './inspect-checkpoint.ts';
import { loadPolicy } from './policy.ts';

const tokenizerFolder = join(goldenFolder, 'tokenizers/gpt2-style-chatml');
const root = mkdtempSync(join(tmpdir(), 'corrupted-'));
let count = 0;

function write(files: Files): string {
  const folder = join(root, `${count++}`);
  mkdirSync(folder);
  writeFiles(folder, files);
  return folder;
}

/** What a run does with a model folder before its first step. */
async function open(folder: string): Promise<void> {
  const policy = await loadPolicy(folder, { trainable: true });
  try {
    const tokenizer = await loadTokenizer(folder);
    tokenizer.encodePrompt([{ role: 'user', content: 'What is 2 + 3?' }]);
  } finally {
    policy.dispose();
  }
}

/** A sentence for people, not the words of whatever broke inside. */
const internal =
  /is not a function|is not iterable|Cannot read properties|Cannot convert|undefined|\[object |call stack/;

async function expectRefusal(work: Promise<unknown>, code: string, folder: string): Promise<void> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StudioError);
  const { code: got, message, where } = error as StudioError;
  expect({ code: got, message }).toMatchObject({ code });
  expect(message).not.toMatch(internal);
  expect(message).toContain(folder);
  expect(where.path?.startsWith(folder)).toBe(true);
}

beforeAll(async () => {
  await selectBackend('auto');
});
afterAll(() => rmSync(root, { recursive: true }));

test.each([false, true])('the folder opens before anything is broken (sharded: %s)', async (sharded) => {
  const folder = write(smallCheckpoint(tokenizerFolder, sharded));
  const report = await inspectCheckpoint(folder);
  expect(report).toMatchObject({ dtypes: ['F32'], config: { vocabSize: 600, layers: 2 } });
  expect(report.bytes).toBe(report.parameters * 4);
  expect(report.templatePreview).toContain('What is 2 + 3?');
  await open(folder);
});

/** These are seen when a folder is inspected; a run may still open it, and never meets the token. */
const inspectionOnly = new Set([
  'the end token is beyond the embeddings',
  'the tokenizer has more tokens than the embeddings',
]);

describe.each<[string, boolean, Corruption[]]>([
  ['one file', false, corruptions],
  ['two files', true, shardedCorruptions],
])('a folder with its weights in %s is refused', (_, sharded, list) => {
  test.each(list)('when %s', async (name, code, spoil) => {
    const files = smallCheckpoint(tokenizerFolder, sharded);
    spoil(files);
    const folder = write(files);
    const tensors = tf.memory().numTensors;
    await expectRefusal(inspectCheckpoint(folder), code, folder);
    if (!inspectionOnly.has(name)) await expectRefusal(open(folder), code, folder);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

test('these are more than 200 different folders', () => {
  const digest = ([, , spoil]: Corruption, sharded: boolean) => {
    const files = smallCheckpoint(tokenizerFolder, sharded);
    spoil(files);
    const hash = createHash('sha256');
    for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
      hash.update(`${name}\0`).update(content);
    return hash.digest('hex');
  };
  const all = [...corruptions.map((c) => digest(c, false)), ...shardedCorruptions.map((c) => digest(c, true))];
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThan(200);
});
