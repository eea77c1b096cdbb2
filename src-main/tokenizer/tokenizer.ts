/** The model's tokenizer: text to token ids and back, and conversations to the text its chat template makes of them. */
import { join } from 'node:path';
import type { Prompt } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import type { AddedToken } from './added-tokens.ts';
import { tokenBytes } from './byte-level.ts';
import { chatTemplateRenderer, type ChatOptions } from './chat-template.ts';
import { compileEncoder } from './text-encoder.ts';
import { compileDecoder, type DecoderConfig } from './token-decoder.ts';
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts';

export interface DecodeOptions {
  /** Leaves special tokens such as `<|im_end|>` out of the text; default false. */
  skipSpecialTokens?: boolean;
}

/** Decodes a completion while it grows; the strings it gave, in a row, are `decode` of all its ids. */
interface IncrementalDecoder {
  /** Takes the next token and gives the text that is certain by now; '' inside an unfinished character. */
  push(id: number): string;
  /** Gives what was held back. */
  end(): string;
}

export interface Tokenizer {
  /** Ids are below this; a model's embedding may be larger (padded). */
  vocabSize: number;
  /** Tokens that end a completion; empty when the model names none. */
  eosTokenIds: number[];
  padTokenId: number | null;
  /** Whether conversations can be rendered. */
  hasChatTemplate: boolean;
  /** Token ids of a text; special tokens written in it are recognised, none is added. */
  encode(text: string): Int32Array;
  /** Text of token ids; ids outside the vocabulary have no text. */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /**
   * The prompt as the model sees it: a text as it is, a conversation through the chat template, by default ready for the
   * assistant's turn.
   * @throws StudioError tokenizer_invalid when there is no chat template, or it refuses the conversation
   */
  renderPrompt(prompt: Prompt, options?: ChatOptions): string;
  /** `renderPrompt` and its tokens. As in TRL, a plain text gets the tokenizer's own special tokens (such as BOS), a rendered conversation gets none. */
  encodePrompt(prompt: Prompt, options?: ChatOptions): { text: string; tokens: Int32Array };
  /** One token for display; bytes that are no whole character are shown as `<0xE2>`. */
  tokenText(id: number): string;
  stream(options?: DecodeOptions): IncrementalDecoder;
}

/**
 * @param folder a Hugging Face checkpoint folder: tokenizer.json, and where present tokenizer_config.json,
 *   chat_template.jinja, generation_config.json, config.json
 * @throws StudioError tokenizer_invalid naming the file and what is wrong with it
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json');
  try {
    return makeTokenizer(await readTokenizerFiles(folder), path, folder);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    const reason = error instanceof RangeError ? 'it goes too deep or grows too long' : (error as Error).message;
    const message = `The tokenizer in ${path} cannot be used: ${reason}.`;
    throw new StudioError('tokenizer_invalid', message, { path }, { cause: error });
  }
}

function makeTokenizer(files: TokenizerFiles, path: string, folder: string): Tokenizer {
  const decoder = files.tokenizer.decoder as DecoderConfig | null;
  const startStream = compileDecoder(decoder, files.cleansUpSpaces);
  const byteLevel = hasByteLevel(decoder);
  const encoder = compileEncoder(files.tokenizer, allAddedTokens(files));
  const renderChat = chatTemplateRenderer(files.chatTemplates, files.specialTokens, folder);

  const idOf = (name: string): number | undefined => {
    const token = files.specialTokens[name];
    return token === undefined ? undefined : encoder.idOf(token);
  };

  const encodeWith = (text: string, addSpecialTokens: boolean): Int32Array => {
    try {
      return Int32Array.from(encoder.encode(text, addSpecialTokens));
    } catch (error) {
      const message = `The tokenizer in ${path} cannot encode a text: ${(error as Error).message}.`;
      throw new StudioError('tokenizer_invalid', message, { path }, { cause: error });
    }
  };

  /** The vocabulary's spelling of those ids that have a text. */
  const spell = (ids: ArrayLike<number>, skipSpecialTokens: boolean): string[] => {
    const tokens: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      const token = encoder.spell(id);
      if (token !== undefined && !(skipSpecialTokens && encoder.added.get(id)?.special)) tokens.push(token);
    }
    return tokens;
  };

  const renderPrompt = (prompt: Prompt, options?: ChatOptions): string =>
    typeof prompt === 'string' ? prompt : renderChat(prompt, options);

  return {
    vocabSize: encoder.vocabSize,
    eosTokenIds: files.eosTokenIds ?? [idOf('eos_token')].filter((id) => id !== undefined),
    padTokenId: idOf('pad_token') ?? files.padTokenId,
    hasChatTemplate: files.chatTemplates !== null,
    encode: (text) => encodeWith(text, false),
    decode: (ids, { skipSpecialTokens = false } = {}) => {
      const stream = startStream();
      return stream.push(spell(ids, skipSpecialTokens)) + stream.end();
    },
    renderPrompt,
    encodePrompt: (prompt, options) => {
      const text = renderPrompt(prompt, options);
      return { text, tokens: encodeWith(text, typeof prompt === 'string') };
    },
    tokenText: (id) => {
      const token = encoder.spell(id);
      if (token === undefined) return `<unused ${id}>`;
      if (encoder.added.has(id)) return token;
      return byteLevel ? showBytes(Uint8Array.from(tokenBytes(token))) : token.replaceAll('▁', ' ');
    },
    stream: ({ skipSpecialTokens = false } = {}) => {
      const stream = startStream();
      return { push: (id) => stream.push(spell([id], skipSpecialTokens)), end: () => stream.end() };
    },
  };
}

/** The added tokens of tokenizer.json, then those that are named elsewhere: under their id of the vocabulary, or a new one. */
export function allAddedTokens({ tokenizer, namedTokens }: TokenizerFiles): AddedToken[] {
  const vocabulary = vocabularyIds(tokenizer.model);
  const tokens = tokenizer.added_tokens.map((token) => ({ ...token, id: vocabulary.get(token.content) ?? token.id }));
  let next = 0;
  for (const id of [...vocabulary.values(), ...tokens.map(({ id }) => id)]) next = Math.max(next, id + 1);
  for (const named of namedTokens) {
    const present = tokens.find(({ content }) => content === named.content);
    if (present) present.special ||= named.special;
    else tokens.push({ ...named, id: vocabulary.get(named.content) ?? next++ });
  }
  return tokens;
}

function vocabularyIds({ vocab }: Record<string, unknown>): Map<string, number> {
  if (Array.isArray(vocab)) return new Map((vocab as [string, number][]).map(([token], id) => [token, id]));
  return new Map(Object.entries(vocab as Record<string, number>));
}

function hasByteLevel(config: DecoderConfig | null): boolean {
  return config !== null && (config.type === 'ByteLevel' || (config.decoders ?? []).some(hasByteLevel));
}

function showBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`).join('');
  }
}
