import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { goldenFolder } from '../../e2e/fixtures/golden.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';

interface Variant {
  name: string;
  base: string;
  /** Fields of tokenizer.json; those of its model one by one, but for a model of another type. */
  changes: Record<string, unknown> & { model?: { type?: string } };
  cases: { text: string; ids: number[]; decoded: string; decoded_skip_special: string }[];
}

const fixture = await readFile(join(import.meta.dirname, 'fixtures', 'encodings.json'), 'utf8');
const { variants } = JSON.parse(fixture) as { variants: Variant[] };

/** The golden tokenizer with its changes, from a folder that holds nothing else. */
async function load({ base, changes }: Variant): Promise<Tokenizer> {
  const text = await readFile(join(goldenFolder, 'tokenizers', base, 'tokenizer.json'), 'utf8');
  const original = JSON.parse(text) as { model: object };
  const model = changes.model?.type === undefined ? { ...original.model, ...changes.model } : changes.model;
  const tokenizer = { ...original, ...changes, model };
  const folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  try {
    return await loadTokenizer(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each(variants)('$name: as the Rust library', (variant) => {
  const loading = load(variant);
  test.each(variant.cases)('$text', async ({ text, ids, decoded, decoded_skip_special }) => {
    const tokenizer = await loading;
    expect([...tokenizer.encode(text)]).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(decoded_skip_special);
  });
});
