/** Reads the files of a checkpoint folder that say how to tokenize, and reports what is missing or malformed in them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../contract/errors.ts';

type Json = Record<string, unknown>;

/** What the folder says, as far as the tokenizer needs it. */
export interface TokenizerFiles {
  /** tokenizer.json with its optional parts filled in as null. */
  tokenizer: Json;
  /** `bos_token`, `eos_token`, … of tokenizer_config.json; only those it names. */
  specialTokens: Record<string, string>;
  /** chat_template.jinja, else the `chat_template` of tokenizer_config.json. */
  chatTemplate: ChatTemplate | null;
  /** `eos_token_id` of generation_config.json, else of config.json. */
  eosTokenIds: number[] | null;
  padTokenId: number | null;
}

export interface ChatTemplate {
  source: string;
  path: string;
}

/** transformers' SPECIAL_TOKENS_ATTRIBUTES: the variables that every chat template gets, when the tokenizer has them. */
const specialTokenNames = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const path = join(folder, 'tokenizer.json');
  const tokenizer = await readJson(path);
  if (tokenizer === null) {
    throw new StudioError('tokenizer_invalid', `${path} does not exist. A model folder needs a tokenizer.json.`, {
      path,
    });
  }
  if (!isObject(tokenizer['model'])) {
    throw new StudioError('tokenizer_invalid', `${path} has no "model", so it is not a Hugging Face tokenizer.`, {
      path,
      field: 'model',
    });
  }
  const tokenizerConfig = (await readJson(join(folder, 'tokenizer_config.json'))) ?? {};
  const configs = [await readJson(join(folder, 'generation_config.json')), await readJson(join(folder, 'config.json'))];
  const idsOf = (field: string) =>
    configs.map((config) => tokenIds(config?.[field])).find((ids) => ids !== null) ?? null;

  const absent = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
  return {
    tokenizer: { ...absent, ...tokenizer },
    specialTokens: readSpecialTokens(tokenizerConfig),
    chatTemplate: await readChatTemplate(folder, tokenizerConfig['chat_template']),
    eosTokenIds: idsOf('eos_token_id'),
    padTokenId: idsOf('pad_token_id')?.[0] ?? null,
  };
}

function readSpecialTokens(config: Json): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of specialTokenNames) {
    const value = config[name];
    const content = isObject(value) ? value['content'] : value;
    if (typeof content === 'string') tokens[name] = content;
  }
  return tokens;
}

async function readChatTemplate(folder: string, configured: unknown): Promise<ChatTemplate | null> {
  const ownFile = join(folder, 'chat_template.jinja');
  const source = await readText(ownFile);
  if (source !== null) return { source, path: ownFile };
  const path = join(folder, 'tokenizer_config.json');
  if (configured === undefined || configured === null) return null;
  if (typeof configured === 'string') return { source: configured, path };
  const named = Array.isArray(configured) ? configured.filter(isObject) : [];
  const template = named.find((entry) => entry['name'] === 'default')?.['template'];
  if (typeof template === 'string') return { source: template, path };
  const names = named.map((entry) => JSON.stringify(entry['name'])).join(', ') || 'none';
  throw new StudioError(
    'tokenizer_invalid',
    `${path}: chat_template is neither a text nor a list with a template named "default" (found: ${names}).`,
    { path, field: 'chat_template' },
  );
}

function tokenIds(value: unknown): number[] | null {
  const ids = (Array.isArray(value) ? value : [value]).filter((id): id is number => Number.isInteger(id));
  return ids.length > 0 ? ids : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A file's text, or null when there is no such file. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new StudioError('tokenizer_invalid', `${path} cannot be read: ${(error as Error).message}.`, { path });
  }
}

/** A file's JSON object, or null when there is no such file. */
async function readJson(path: string): Promise<Json | null> {
  const text = await readText(path);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StudioError('tokenizer_invalid', `${path} is not valid JSON: ${(error as Error).message}.`, { path });
  }
  if (!isObject(value)) throw new StudioError('tokenizer_invalid', `${path} does not hold a JSON object.`, { path });
  return value;
}
