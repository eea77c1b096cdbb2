/** Finds a tokenizer for a run, so that its tokens can be shown as text. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toErrorRecord } from '../../contract/errors.ts';
import type { StoredRun, StoreReader } from '../../store/interfaces.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';

export interface TokenTexts {
  /** Text of a token for display; null when there is no tokenizer. */
  tokenText: ((id: number) => string) | null;
  /** Why there is none, one sentence; null when there is. */
  missing: string | null;
}

/**
 * Looks in the model's folder and then in the run's checkpoints.
 * @returns `missing` says why there is none, in one sentence
 */
export async function findTokenizer(
  run: StoredRun,
  reader: Pick<StoreReader, 'listCheckpoints'>,
): Promise<{ tokenizer: Tokenizer; missing: null } | { tokenizer: null; missing: string }> {
  const { model } = run.run.config;
  const folders = [model, ...reader.listCheckpoints(run.id).map(({ path }) => path)];
  const folder = folders.find((path) => existsSync(join(path, 'tokenizer.json')));
  if (folder === undefined) {
    const missing = `Tokens are shown by their ids: the tokenizer in ${model} is not there any more.`;
    return { tokenizer: null, missing };
  }
  try {
    return { tokenizer: await loadTokenizer(folder), missing: null };
  } catch (error) {
    const { message } = toErrorRecord(error, 'tokenizer_invalid');
    return { tokenizer: null, missing: `Tokens are shown by their ids: ${message}` };
  }
}

/** The explanation goes on without texts when no tokenizer can be used. */
export async function loadTokenTexts(run: StoredRun, reader: StoreReader): Promise<TokenTexts> {
  const { tokenizer, missing } = await findTokenizer(run, reader);
  return { tokenText: tokenizer && ((id) => tokenizer.tokenText(id)), missing };
}
