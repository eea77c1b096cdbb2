/** A tokenizer in GGUF: its tokens, merges or scores, special tokens and chat template, as llama.cpp's own tokenizers take them. */
import { join } from 'node:path';
import { StudioError } from '../../contract/errors.ts';
import type { AddedToken } from '../../tokenizer/added-tokens.ts';
import { readTokenizerFiles, type TokenizerFiles } from '../../tokenizer/tokenizer-files.ts';
import { allAddedTokens, loadTokenizer } from '../../tokenizer/tokenizer.ts';
import type { Metadata, MetadataValue } from './gguf-file.ts';
import { preTokenizerName } from './pre-tokenizer.ts';
import { mergeScores, requireSentencePiece } from './sentencepiece.ts';

/** Kinds of tokens (`llama_token_type`). */
const TOKEN_TYPES = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

type Json = Readonly<Record<string, unknown>>;

export interface Vocabulary {
  metadata: Metadata;
  notes: readonly string[];
}

/**
 * @param folder with tokenizer.json
 * @param size rows of the embedding; ids without a token get a placeholder
 * @throws StudioError `tokenizer_invalid` or `model_unsupported` when llama.cpp would tokenize otherwise
 */
export async function readVocabulary(folder: string, size: number): Promise<Vocabulary> {
  const { eosTokenIds } = await loadTokenizer(folder); // refuses a malformed tokenizer
  const files = await readTokenizerFiles(folder);
  const path = join(folder, 'tokenizer.json');
  const refuse = (field: string, message: string): never => {
    throw new StudioError(
      'model_unsupported',
      `${path}: ${message}, so there is no GGUF of this model; export it as huggingface`,
      {
        path,
        field,
      },
    );
  };
  const model = files.tokenizer['model'] as Json;
  if (model['type'] !== 'BPE')
    refuse('model.type', `tokenizers of type ${String(model['type'])} are not written to GGUF`);
  if (eosTokenIds.length === 0) refuse('eos_token', 'the model names no token that ends a text');
  const added = new Map(allAddedTokens(files).map((token) => [token.id, token]));
  const byId = tokensById(model, added, size, refuse);
  const merges = model['merges'] as [string, string][];
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < size; id++) {
    const token = byId.get(id);
    tokens.push(token ?? `[PAD${id}]`);
    types.push(typeOf(token, added.get(id), model));
  }

  const kind: Record<string, MetadataValue> = {};
  const notes: string[] = [];
  const isByteLevel = JSON.stringify(files.tokenizer['pre_tokenizer']).includes('"ByteLevel"');
  if (isByteLevel) {
    const normalizer = (files.tokenizer['normalizer'] as Json | null)?.['type'];
    if (normalizer !== undefined && normalizer !== 'NFC')
      refuse('normalizer', 'its normalizer is not what llama.cpp does');
    if (normalizer === 'NFC')
      notes.push('The tokenizer composes characters with accents (NFC); llama.cpp takes text as it comes.');
    const pre = preTokenizerName(files.tokenizer['pre_tokenizer'], model['ignore_merges'] === true);
    if (pre === null)
      return refuse('pre_tokenizer', 'llama.cpp has no rule that splits text as its pre_tokenizer does');
    kind['tokenizer.ggml.model'] = { string: 'gpt2' };
    kind['tokenizer.ggml.pre'] = { string: pre };
    kind['tokenizer.ggml.merges'] = { strings: merges.map((pair) => pair.join(' ')) };
  } else {
    const { prefixSpace } = requireSentencePiece({ ...files.tokenizer }, refuse);
    const { scores, isClosed } = mergeScores(tokens, merges);
    if (!isClosed)
      notes.push(
        "The tokenizer's merges are not those of a SentencePiece model, so llama.cpp may split rare words otherwise.",
      );
    kind['tokenizer.ggml.model'] = { string: 'llama' };
    kind['tokenizer.ggml.pre'] = { string: 'default' };
    kind['tokenizer.ggml.scores'] = { f32s: scores };
    kind['tokenizer.ggml.add_space_prefix'] = { bool: prefixSpace };
  }
  return {
    metadata: {
      ...kind,
      'tokenizer.ggml.tokens': { strings: tokens },
      'tokenizer.ggml.token_type': { i32s: types },
      ...specialTokens(files, eosTokenIds, byId),
      ...(files.chatTemplates === null ? {} : { 'tokenizer.chat_template': { string: files.chatTemplates.source } }),
    },
    notes,
  };
}

function tokensById(
  model: Json,
  added: ReadonlyMap<number, AddedToken>,
  size: number,
  refuse: (field: string, message: string) => never,
): Map<number, string> {
  const byId = new Map<number, string>();
  for (const [token, id] of Object.entries(model['vocab'] as Record<string, number>)) byId.set(id, token);
  for (const [id, { content }] of added) byId.set(id, content);
  let largest = 0;
  for (const id of byId.keys()) largest = Math.max(largest, id);
  if (largest >= size) refuse('model.vocab', `token ${largest} has no row in the embedding, which has ${size}`);
  return byId;
}

function typeOf(token: string | undefined, added: AddedToken | undefined, model: Json): number {
  if (token === undefined) return TOKEN_TYPES.unused;
  if (model['byte_fallback'] === true && /^<0x[0-9A-F]{2}>$/.test(token)) return TOKEN_TYPES.byte;
  if (token === model['unk_token']) return TOKEN_TYPES.unknown;
  if (added !== undefined) return added.special ? TOKEN_TYPES.control : TOKEN_TYPES.userDefined;
  return TOKEN_TYPES.normal;
}

/** Ids of the special tokens, and which of them the tokenizer puts around a text. */
function specialTokens(files: TokenizerFiles, ends: readonly number[], byId: ReadonlyMap<number, string>): Metadata {
  const ids = new Map([...byId].map(([id, token]) => [token, id]));
  const idOf = (name: string): number | undefined => {
    const token = files.specialTokens[name];
    return token === undefined ? undefined : ids.get(token);
  };
  const eos = idOf('eos_token');
  // A model may stop at several tokens; GGUF has three places that all end a text.
  const [first, second, third] =
    eos !== undefined && ends.includes(eos) ? [eos, ...ends.filter((id) => id !== eos)] : ends;
  const [before, after] = tokensAround(files);
  const entries: [string, number | undefined][] = [
    ['bos', idOf('bos_token') ?? (before === undefined ? undefined : ids.get(before))],
    ['eos', first],
    ['eot', second],
    ['eom', third],
    ['unknown', idOf('unk_token')],
    ['padding', idOf('pad_token') ?? files.padTokenId ?? undefined],
  ];
  const metadata: Record<string, MetadataValue> = {};
  for (const [name, id] of entries) if (id !== undefined) metadata[`tokenizer.ggml.${name}_token_id`] = { u32: id };
  metadata['tokenizer.ggml.add_bos_token'] = { bool: before !== undefined };
  metadata['tokenizer.ggml.add_eos_token'] = { bool: after !== undefined };
  return metadata;
}

/** The special tokens that the tokenizer puts before and after a single text. */
function tokensAround(files: TokenizerFiles): [string | undefined, string | undefined] {
  const processor = files.tokenizer['post_processor'] as Json | null;
  const steps =
    processor?.['type'] === 'Sequence' ? (processor['processors'] as Json[]) : processor === null ? [] : [processor];
  const template = steps.find((step) => step['type'] === 'TemplateProcessing')?.['single'] as Json[] | undefined;
  const tokenOf = (piece: Json | undefined) => (piece?.['SpecialToken'] as { id?: string } | undefined)?.id;
  return [tokenOf(template?.at(0)), tokenOf(template?.at(-1))];
}
