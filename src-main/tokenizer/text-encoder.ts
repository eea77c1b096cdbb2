/**
 * Text to token ids, as the Rust `tokenizers` library does it: added tokens are found first, what lies between them is normalized,
 * pre-tokenized and given to the model. Normalizers, pre-tokenizers, models and post-processors are @huggingface/tokenizers'.
 */
import * as huggingFace from '@huggingface/tokenizers';
import { addedTokenSplitter, type AddedToken } from './added-tokens.ts';
import { correctNormalizer, type Normalizer, type NormalizerConfig } from './normalizers.ts';
import { correctPreTokenizer, type PreTokenizer, type PreTokenizerConfig } from './pre-tokenizers.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

/** What is used of the library; its own declarations do not resolve under `moduleResolution: nodenext`. */
interface Library {
  normalizer: (Normalizer & ((text: string) => string)) | null;
  pre_tokenizer: (PreTokenizer & ((text: string, options: { section_index: number }) => string[])) | null;
  model: ((pieces: string[]) => string[]) & {
    tokens_to_ids: Map<string, number>;
    vocab: (string | undefined)[];
    unk_token_id?: number | null;
  };
  post_processor: ((tokens: string[], pair: null, addSpecialTokens: boolean) => { tokens: string[] }) | null;
}

const LibraryTokenizer = huggingFace.Tokenizer as unknown as new (tokenizer: object, config: object) => Library;

export interface TextEncoder {
  /** Ids are below this. */
  vocabSize: number;
  added: ReadonlyMap<number, AddedToken>;
  idOf(token: string): number | undefined;
  /** A token as decoding spells it. */
  spell(id: number): string | undefined;
  /**
   * @param addSpecialTokens whether the tokenizer's own (such as BOS) go around the text
   * @throws Error when the vocabulary has nothing for a character, and no unknown token
   */
  encode(text: string, addSpecialTokens: boolean): number[];
}

/** @throws Error when a part of the tokenizer is of an unknown kind */
export function compileEncoder(tokenizer: TokenizerJson, addedTokens: readonly AddedToken[]): TextEncoder {
  const {
    normalizer,
    pre_tokenizer: preTokenizer,
    model,
    post_processor: postProcessor,
  } = new LibraryTokenizer({ ...tokenizer, added_tokens: [], decoder: null }, {});
  if (normalizer) correctNormalizer(normalizer, tokenizer.normalizer as NormalizerConfig);
  if (preTokenizer) correctPreTokenizer(preTokenizer, tokenizer.pre_tokenizer as PreTokenizerConfig);
  const normalize = (text: string) => (normalizer ? normalizer(text) : text);

  const added = new Map(addedTokens.map((token) => [token.id, token]));
  const addedIds = new Map(addedTokens.map((token) => [token.content, token.id]));
  const normalizedForms = new Map(
    addedTokens.filter((token) => token.normalized).map((token) => [token.id, normalize(token.content)]),
  );
  const splitRaw = addedTokenSplitter(addedTokens.filter((t) => !t.normalized).map((token) => [token.content, token]));
  const splitNormalized = addedTokenSplitter(
    addedTokens.filter((token) => token.normalized).map((token) => [normalizedForms.get(token.id)!, token]),
  );
  const idOf = (token: string) => addedIds.get(token) ?? model.tokens_to_ids.get(token);

  const unigramBytes = tokenizer.model['type'] === 'Unigram' && tokenizer.model['byte_fallback'] === true;
  const modelIds = (token: string): number[] => {
    const id = model.tokens_to_ids.get(token);
    if (id !== undefined) return [id];
    if (unigramBytes) {
      const bytes = Array.from(Buffer.from(token), (byte) =>
        model.tokens_to_ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
      );
      if (!bytes.includes(undefined)) return bytes as number[];
    }
    if (typeof model.unk_token_id === 'number') return [model.unk_token_id];
    throw new Error(`it has no token for ${JSON.stringify(token)}, and no unknown token`);
  };
  const encodeBetween = (text: string, first: boolean): number[] => {
    const pieces = preTokenizer ? preTokenizer(text, { section_index: first ? 0 : 1 }) : [text];
    // One piece at a time: unknown characters are joined within a piece only.
    return pieces.flatMap((piece) => (piece === '' ? [] : model([piece]).flatMap(modelIds)));
  };

  const [before, after] = specialTokensAround(postProcessor, idOf);
  return {
    vocabSize: addedTokens.reduce((size, { id }) => Math.max(size, id + 1), model.vocab.length),
    added,
    idOf,
    spell: (id) => normalizedForms.get(id) ?? added.get(id)?.content ?? model.vocab[id],
    encode(text, addSpecialTokens) {
      const ids: number[] = [];
      for (const raw of splitRaw(text)) {
        if (raw.token !== null) ids.push(raw.token);
        else {
          for (const part of splitNormalized(normalize(raw.text))) {
            if (part.token !== null) ids.push(part.token);
            else for (const id of encodeBetween(part.text, raw.first && part.first)) ids.push(id);
          }
        }
      }
      return addSpecialTokens ? [...before, ...ids, ...after] : ids;
    },
  };
}

/** The ids that a post-processor puts before a text and after it. */
function specialTokensAround(
  postProcessor: Library['post_processor'],
  idOf: (token: string) => number | undefined,
): [number[], number[]] {
  const text = '\0text';
  const tokens = postProcessor ? postProcessor([text], null, true).tokens : [text];
  const ids = (names: string[]) =>
    names.map((name) => {
      const id = idOf(name);
      if (id === undefined) throw new Error(`its post-processor adds the token ${name}, which it does not have`);
      return id;
    });
  const at = tokens.indexOf(text);
  if (at < 0) throw new Error('its post-processor leaves the text out');
  return [ids(tokens.slice(0, at)), ids(tokens.slice(at + 1))];
}
