/** Which files of a folder or a repository make up a model; everything else (optimizers, other formats, pictures) is left where it is. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from '../../checkpoint/adapter-description.ts';
import { StudioError } from '../../contract/errors.ts';

const DESCRIPTIONS = [
  /^config\.json$/,
  /^generation_config\.json$/,
  /^adapter_config\.json$/,
  /^tokenizer.*\.(json|model)$/,
  /^(special_tokens_map|added_tokens|vocab)\.json$/,
  /^merges\.txt$/,
  /^chat_template\.(jinja|json)$/,
  /^(README|LICENSE|NOTICE)[\w.-]*$/i,
];

const SINGLE_WEIGHTS = 'model.safetensors';
/** The parts are mostly called model-…, but converted models keep names such as pytorch_model-00001-of-00002. */
const SHARDED_WEIGHTS = /^([\w.-]+-\d+-of-\d+\.safetensors|model\.safetensors\.index\.json)$/;

/**
 * @param names files at the top of a folder or a repository
 * @returns those that are needed; as in transformers, one file of weights goes before several under an index
 */
export function modelFiles(names: readonly string[]): string[] {
  const weights = names.includes(SINGLE_WEIGHTS)
    ? [SINGLE_WEIGHTS]
    : names.filter((name) => SHARDED_WEIGHTS.test(name));
  const adapter = names.filter((name) => name === ADAPTER_WEIGHTS_FILE);
  const described = names.filter((name) => DESCRIPTIONS.some((pattern) => pattern.test(name)));
  return [...described, ...weights, ...adapter].sort();
}

/** @throws StudioError `model_invalid` when files with these names are no model that can be used */
export function requireModelFiles(names: readonly string[], where: string): void {
  const needed = modelFiles(names);
  const refuse = (why: string): never => {
    throw new StudioError('model_invalid', `${where} ${why}.`, { path: where });
  };
  if (!needed.includes('config.json') && !needed.includes(ADAPTER_CONFIG_FILE)) {
    refuse(`is no model: it has neither config.json nor ${ADAPTER_CONFIG_FILE}`);
  }
  if (needed.some((name) => name.endsWith('.safetensors'))) return;
  const old = names.some((name) => name.endsWith('.bin'));
  refuse(
    old
      ? 'has its weights in the pytorch .bin format only, which can run code when it is read; save the model as safetensors'
      : `has no weights: neither ${SINGLE_WEIGHTS}, nor parts of it with an index, nor ${ADAPTER_WEIGHTS_FILE}`,
  );
}

/** The folder that a person means by a folder, or by any file in it. Throws StudioError `model_invalid` when there is neither. */
export async function pickedFolder(path: string): Promise<string> {
  const place = resolve(path);
  const entry = await stat(place).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}`;
    throw new StudioError('model_invalid', `${place} ${why}.`, { path: place }, { cause: error });
  });
  return entry.isDirectory() ? place : dirname(place);
}

/** A name for the library, from a folder's path or a Hub id. A snapshot of the Hugging Face cache is named after its repository. */
export function nameFor(source: string): string {
  const repository = /models--([^/\\]+)[/\\]snapshots[/\\]/.exec(`${source}/`)?.[1];
  const last = repository === undefined ? basename(source) : (repository.split('--').at(-1) as string);
  return last.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') || 'model';
}

/** @throws StudioError `config_invalid` for a name that is no plain folder name */
export function requireName(name: string): void {
  if (/^\w[\w.-]{0,99}$/.test(name) && !name.endsWith('.link')) return;
  throw new StudioError(
    'config_invalid',
    `${JSON.stringify(name)} cannot be a model's name: letters, digits, ".", "_" and "-" can stand in it, up to 100.`,
    { field: 'name' },
  );
}
