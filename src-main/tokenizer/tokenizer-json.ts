/** Checks a tokenizer.json before anything is built from it: its model, its vocabulary, its merges and its added tokens. */
import { z } from 'zod';
import { wording } from '../checkpoint/checkpoint-files.ts';
import type { AddedToken } from './added-tokens.ts';

/** Every id is below this; the largest vocabularies in use have some 260,000 tokens. */
const MAX_ID = 2 ** 24;

/** How many times longer a tokenizer may make a text by what it replaces; those in use make a character two or three. */
const MAX_GROWTH = 1000;

const part = z.looseObject({ type: z.string() }).nullable().default(null);
const tokenId = z.int().nonnegative().max(MAX_ID);

export const addedTokenSchema = z.object({
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(false),
  special: z.boolean().default(false),
});

const fileSchema = z.looseObject({
  model: z.looseObject({ type: z.string().optional() }),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
  added_tokens: z.array(addedTokenSchema.extend({ id: tokenId })).default([]),
});

const patternSchema = z.looseObject({
  pattern: z.union([z.looseObject({ String: z.string() }), z.looseObject({ Regex: z.string() })]),
});

const bpeSchema = z.looseObject({
  vocab: z.record(z.string(), tokenId),
  merges: z.union([z.array(z.string()), z.array(z.tuple([z.string(), z.string()]))]),
  unk_token: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
});

const unigramSchema = z.looseObject({
  vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
  unk_id: tokenId.nullish(),
  byte_fallback: z.boolean().nullish(),
});

export interface TokenizerJson {
  model: Record<string, unknown>;
  normalizer: unknown;
  pre_tokenizer: unknown;
  post_processor: unknown;
  decoder: unknown;
  added_tokens: AddedToken[];
}

/** @throws Error that says which field of the file is wrong */
export function parseTokenizerJson(json: Record<string, unknown>): TokenizerJson {
  const file = check(fileSchema, json, '');
  for (const field of ['normalizer', 'pre_tokenizer', 'decoder'] as const) checkPatterns(file[field], field);
  for (const field of ['normalizer', 'decoder'] as const) {
    if (growthOf(file[field]) > MAX_GROWTH)
      throw new Error(`its ${field} makes texts more than ${MAX_GROWTH} times as long`);
  }
  const type = file.model.type ?? inferType(file.model);
  let model: Record<string, unknown>;
  if (type === 'BPE') model = parseBpe(file.model);
  else if (type === 'Unigram') {
    const parsed = check(unigramSchema, file.model, 'model.');
    if (typeof parsed.unk_id === 'number' && parsed.unk_id >= parsed.vocab.length) {
      throw new Error(`model.unk_id is ${parsed.unk_id}, but the vocabulary has ${parsed.vocab.length} tokens`);
    }
    model = parsed;
  } else throw new Error(`its model has the type ${JSON.stringify(type)}; BPE and Unigram are supported`);
  return { ...file, model: { ...model, type } };
}

/** Every part that replaces or splits says at what. */
function checkPatterns(value: unknown, field: string): void {
  if (Array.isArray(value)) value.forEach((element, index) => checkPatterns(element, `${field}.${index}`));
  else if (typeof value === 'object' && value !== null) {
    if ('type' in value && (value.type === 'Split' || value.type === 'Replace'))
      check(patternSchema, value, `${field}.`);
    for (const [name, element] of Object.entries(value)) checkPatterns(element, `${field}.${name}`);
  }
}

/** How many times longer a part, or a list of parts one after the other, makes a text at most. */
function growthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((product, element) => product * growthOf(element), 1);
  if (typeof value !== 'object' || value === null) return 1;
  const { content = '', prepend = '', normalizers, decoders } = value as Record<string, unknown>;
  return (1 + String(content).length) * (1 + String(prepend).length) * growthOf(normalizers) * growthOf(decoders);
}

/** Files of old versions do not name their model's type. */
function inferType(model: Record<string, unknown>): string {
  if (Array.isArray(model['vocab'])) return 'Unigram';
  return 'merges' in model ? 'BPE' : 'unnamed';
}

function parseBpe(json: Record<string, unknown>): Record<string, unknown> {
  const model = check(bpeSchema, json, 'model.');
  // The `dropout` of BPE is for training tokenizer-robust models, and would make encoding random.
  if (typeof json['dropout'] === 'number' && json['dropout'] > 0)
    throw new Error('its model uses BPE dropout, which is not supported');
  for (const field of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (json[field]) throw new Error(`its model has a ${field}, which is not supported`);
  }
  const tokens = new Set(Object.keys(model.vocab));
  if (new Set(Object.values(model.vocab)).size !== tokens.size)
    throw new Error('two tokens of its vocabulary have one id');
  const { unk_token: unknown } = model;
  if (typeof unknown === 'string' && !tokens.has(unknown)) {
    throw new Error(`its vocabulary lacks the unknown token ${JSON.stringify(unknown)}`);
  }
  const merges = model.merges.map((merge, index) => {
    const [left, right, ...more] = typeof merge === 'string' ? merge.split(' ') : merge;
    if (right === undefined || more.length > 0) throw new Error(`model.merges.${index} is not a pair of tokens`);
    for (const token of [left, right, left + right]) {
      if (!tokens.has(token)) {
        throw new Error(`model.merges.${index} needs the token ${JSON.stringify(token)}, which the vocabulary lacks`);
      }
    }
    return [left, right];
  });
  return { ...model, merges };
}

function check<T>(schema: z.ZodType<T>, value: unknown, prefix: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new Error(`its field ${prefix}${path.map(String).join('.')} is wrong: ${wording(message)}`);
}
