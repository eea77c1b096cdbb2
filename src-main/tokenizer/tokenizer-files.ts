/** Reads the files of a checkpoint folder that say how to tokenize, and reports what is missing or malformed in them. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, readTextFile } from '../checkpoint/checkpoint-files.ts';
import { StudioError } from '../contract/errors.ts';
import type { AddedToken } from './added-tokens.ts';
import { addedTokenSchema, parseTokenizerJson, type TokenizerJson } from './tokenizer-json.ts';

type Json = Record<string, unknown>;

/** What the folder says, as far as the tokenizer needs it. */
export interface TokenizerFiles {
  tokenizer: TokenizerJson;
  /** `bos_token`, `eos_token`, … of tokenizer_config.json, else of special_tokens_map.json; only those that are named. */
  specialTokens: Record<string, string>;
  /** Tokens that are to be added unless tokenizer.json has them, in this order. */
  namedTokens: Omit<AddedToken, 'id'>[];
  chatTemplates: ChatTemplates | null;
  /** `eos_token_id` of generation_config.json, else of config.json. */
  eosTokenIds: number[] | null;
  padTokenId: number | null;
  /** Whether decoded texts lose their spaces before punctuation: `clean_up_tokenization_spaces`, which transformers ignores for BPE. */
  cleansUpSpaces: boolean;
}

export interface ChatTemplates {
  source: string;
  /** A template of its own for conversations with tools. */
  toolUse: string | null;
  path: string;
}

/** Largest tokenizer.json; those of the largest vocabularies have some 40 MB. */
const MAX_TOKENIZER_BYTES = 256 * 2 ** 20;

/** transformers' SPECIAL_TOKENS_ATTRIBUTES: the variables that every chat template gets, when the tokenizer has them. */
const specialTokenNames = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** @throws StudioError tokenizer_invalid naming the file and what is wrong with it */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const read = (name: string) => readJsonFile(join(folder, name), 'tokenizer_invalid');
  const path = join(folder, 'tokenizer.json');
  const tokenizer = await readJsonFile(path, 'tokenizer_invalid', MAX_TOKENIZER_BYTES);
  if (tokenizer === null) throw new StudioError('tokenizer_invalid', await whyNoTokenizer(folder, path), { path });
  if (!isObject(tokenizer['model'])) {
    throw new StudioError('tokenizer_invalid', `${path} has no "model", so it is not a Hugging Face tokenizer.`, {
      path,
      field: 'model',
    });
  }
  const config = (await read('tokenizer_config.json')) ?? {};
  const specialTokens = {
    ...readSpecialTokens((await read('special_tokens_map.json')) ?? {}),
    ...readSpecialTokens(config),
  };
  const configs = ['generation_config.json', 'config.json'];
  const idsOf = async (field: string): Promise<number[] | null> => {
    for (const name of configs) {
      const ids = tokenIds((await read(name))?.[field], field, join(folder, name));
      if (ids !== null) return ids;
    }
    return null;
  };
  const parsed = parseTokenizerJson(tokenizer);
  return {
    tokenizer: parsed,
    specialTokens,
    namedTokens: namedTokens(config, specialTokens, join(folder, 'tokenizer_config.json')),
    chatTemplates: await readChatTemplates(folder, config['chat_template']),
    eosTokenIds: await idsOf('eos_token_id'),
    padTokenId: (await idsOf('pad_token_id'))?.[0] ?? null,
    cleansUpSpaces: config['clean_up_tokenization_spaces'] === true && parsed.model['type'] !== 'BPE',
  };
}

async function whyNoTokenizer(folder: string, path: string): Promise<string> {
  for (const old of ['tokenizer.model', 'spiece.model', 'vocab.json', 'vocab.txt']) {
    const there = await access(join(folder, old)).then(
      () => true,
      () => false,
    );
    if (!there) continue;
    const advice = 'open the folder with AutoTokenizer of transformers and call save_pretrained, which writes it';
    return `${path} does not exist. The folder has a ${old} only, the form of older versions; ${advice}.`;
  }
  return `${path} does not exist. A model folder needs a tokenizer.json.`;
}

function readSpecialTokens(config: Json): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of specialTokenNames) {
    const content = contentOf(config[name]);
    if (content !== null) tokens[name] = content;
  }
  return tokens;
}

/** A token is written as its text, or as an object with its flags. */
function contentOf(value: unknown): string | null {
  const content = isObject(value) ? value['content'] : value;
  return typeof content === 'string' && content !== '' ? content : null;
}

/**
 * The tokens that only tokenizer_config.json names. As in transformers they are added where tokenizer.json lacks them, and the
 * special ones among them are special whatever tokenizer.json says.
 */
function namedTokens(config: Json, specialTokens: Record<string, string>, path: string): Omit<AddedToken, 'id'>[] {
  const tokens: Omit<AddedToken, 'id'>[] = [];
  const entries = isObject(config['added_tokens_decoder']) ? Object.entries(config['added_tokens_decoder']) : [];
  for (const [id, value] of entries.sort(([a], [b]) => Number(a) - Number(b))) {
    const parsed = addedTokenSchema.safeParse(value);
    if (!parsed.success) {
      throw new StudioError(
        'tokenizer_invalid',
        `${path}: the entry ${id} of added_tokens_decoder is no added token.`,
        {
          path,
          field: `added_tokens_decoder.${id}`,
        },
      );
    }
    tokens.push(parsed.data);
  }
  const more = ['additional_special_tokens', 'extra_special_tokens'].flatMap((name) => {
    const value = config[name];
    return isObject(value) ? Object.values(value) : Array.isArray(value) ? (value as unknown[]) : [];
  });
  const special = [...Object.values(specialTokens), ...more.map(contentOf)].filter((content) => content !== null);
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  for (const content of special) {
    const described = tokens.find((token) => token.content === content);
    if (described) described.special = true;
    else tokens.push({ content, ...flags });
  }
  return tokens;
}

/** chat_template.jinja, else the `chat_template` of tokenizer_config.json, else chat_template.json. */
async function readChatTemplates(folder: string, configured: unknown): Promise<ChatTemplates | null> {
  const ownFile = join(folder, 'chat_template.jinja');
  const source = await readTextFile(ownFile, 'tokenizer_invalid');
  if (source !== null) return { source, toolUse: null, path: ownFile };
  if (configured !== undefined && configured !== null)
    return chatTemplates(configured, join(folder, 'tokenizer_config.json'));
  const path = join(folder, 'chat_template.json');
  const file = await readJsonFile(path, 'tokenizer_invalid');
  return file === null ? null : chatTemplates(file['chat_template'], path);
}

function chatTemplates(configured: unknown, path: string): ChatTemplates {
  if (typeof configured === 'string') return { source: configured, toolUse: null, path };
  const named = Array.isArray(configured) ? configured.filter(isObject) : [];
  const byName = (name: string) => {
    const template = named.find((entry) => entry['name'] === name)?.['template'];
    return typeof template === 'string' ? template : null;
  };
  const source = byName('default');
  if (source !== null) return { source, toolUse: byName('tool_use'), path };
  const names = named.map((entry) => JSON.stringify(entry['name'])).join(', ') || 'none';
  throw new StudioError(
    'tokenizer_invalid',
    `${path}: chat_template is neither a text nor a list with a template named "default" (found: ${names}).`,
    { path, field: 'chat_template' },
  );
}

/** Several tokens may end a completion, so the field is an id or a list of ids. */
function tokenIds(value: unknown, field: string, path: string): number[] | null {
  if (value === undefined || value === null) return null;
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  if (ids.every((id): id is number => Number.isSafeInteger(id))) {
    const named = ids.filter((id) => id >= 0); // -1 says none in some old models
    return named.length > 0 ? named : null;
  }
  const message = `${path}: ${field} must be the id of a token or a list of ids.`;
  throw new StudioError('tokenizer_invalid', message, { path, field });
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
