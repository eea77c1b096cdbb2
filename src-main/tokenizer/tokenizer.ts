/** The model's tokenizer: text to token ids and back, and conversations to the text its chat template makes of them. */
import { join } from 'node:path';
import * as huggingFace from '@huggingface/tokenizers';
import type { Prompt } from '../contract/dataset.ts';
import { StudioError } from '../contract/errors.ts';
import { tokenBytes } from './byte-level.ts';
import { chatTemplateRenderer } from './chat-template.ts';
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
  /** Token ids of a text; special tokens written in it are recognised, none is added. */
  encode(text: string): Int32Array;
  /**
   * Text of token ids; ids outside the vocabulary have no text. As in transformers for BPE, `clean_up_tokenization_spaces`
   * is ignored: it would remove spaces that the model wrote.
   */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /**
   * The prompt as the model sees it: a text as it is, a conversation through the chat template, ready for the assistant's turn.
   * @throws StudioError tokenizer_invalid when there is no chat template, or it refuses the conversation
   */
  renderPrompt(prompt: Prompt): string;
  /** `renderPrompt` and its tokens. As in TRL, a plain text gets the tokenizer's own special tokens (such as BOS), a rendered conversation gets none. */
  encodePrompt(prompt: Prompt): { text: string; tokens: Int32Array };
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
  const files = await readTokenizerFiles(folder);
  const path = join(folder, 'tokenizer.json');
  try {
    return makeTokenizer(files, path, folder);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    const message = `The tokenizer in ${path} cannot be used: ${(error as Error).message}.`;
    throw new StudioError('tokenizer_invalid', message, { path }, { cause: error });
  }
}

/** What is used of the library; its own declarations do not resolve under `moduleResolution: nodenext`. */
interface Library {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[]; tokens: string[] };
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_added_tokens_decoder(): Map<number, { special: boolean }>;
  model: { vocab: string[] };
}

const LibraryTokenizer = huggingFace.Tokenizer as unknown as new (tokenizer: object, config: object) => Library;

function makeTokenizer(files: TokenizerFiles, path: string, folder: string): Tokenizer {
  const library = new LibraryTokenizer(files.tokenizer, {});
  const decoder = files.tokenizer.decoder as DecoderConfig | null;
  const startStream = compileDecoder(decoder);
  const byteLevel = hasByteLevel(decoder);
  const added = library.get_added_tokens_decoder();
  const renderChat = chatTemplateRenderer(files.chatTemplate, files.specialTokens, folder);

  const idOf = (name: string): number | undefined => {
    const token = files.specialTokens[name];
    return token === undefined ? undefined : library.token_to_id(token);
  };

  const encodeWith = (text: string, addSpecialTokens: boolean): Int32Array => {
    const { ids, tokens } = library.encode(text, { add_special_tokens: addSpecialTokens });
    const missing = ids.indexOf(undefined);
    if (missing >= 0) {
      const message = `${path} has no token for ${JSON.stringify(tokens[missing])}, and no unknown token.`;
      throw new StudioError('tokenizer_invalid', message, { path });
    }
    return Int32Array.from(ids as number[]);
  };

  /** The vocabulary's spelling of those ids that have a text. */
  const spell = (ids: ArrayLike<number>, skipSpecialTokens: boolean): string[] => {
    const tokens: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      const token = library.id_to_token(id);
      if (token !== undefined && !(skipSpecialTokens && added.get(id)?.special)) tokens.push(token);
    }
    return tokens;
  };

  const renderPrompt = (prompt: Prompt): string => (typeof prompt === 'string' ? prompt : renderChat(prompt));

  return {
    vocabSize: library.model.vocab.length,
    eosTokenIds: files.eosTokenIds ?? [idOf('eos_token')].filter((id) => id !== undefined),
    padTokenId: idOf('pad_token') ?? files.padTokenId,
    encode: (text) => encodeWith(text, false),
    decode: (ids, { skipSpecialTokens = false } = {}) => {
      const stream = startStream();
      return stream.push(spell(ids, skipSpecialTokens)) + stream.end();
    },
    renderPrompt,
    encodePrompt: (prompt) => {
      const text = renderPrompt(prompt);
      return { text, tokens: encodeWith(text, typeof prompt === 'string') };
    },
    tokenText: (id) => {
      const token = library.id_to_token(id);
      if (token === undefined) return `<unused ${id}>`;
      if (added.has(id)) return token;
      return byteLevel ? showBytes(Uint8Array.from(tokenBytes(token))) : token.replaceAll('▁', ' ');
    },
    stream: ({ skipSpecialTokens = false } = {}) => {
      const stream = startStream();
      return { push: (id) => stream.push(spell([id], skipSpecialTokens)), end: () => stream.end() };
    },
  };
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
