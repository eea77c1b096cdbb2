/** Finds a tokenizer for a run, so that its tokens can be shown as text. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toErrorRecord } from '../../contract/errors.ts';
import type { StoredRun, StoreReader } from '../../store/interfaces.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';

export interface TokenTexts {
  /** Text of a token for display; null when there is no tokenizer. */
  tokenText: ((id: number) => string) | null;
  /** Why there is none, one sentence; null when there is. */
  missing: string | null;
}

/** Looks in the model's folder and then in the run's checkpoints. The explanation goes on without texts when neither can be used. */
export async function loadTokenTexts(run: StoredRun, reader: StoreReader): Promise<TokenTexts> {
  const { model } = run.run.config;
  const folders = [model, ...reader.listCheckpoints(run.id).map(({ path }) => path)];
  const folder = folders.find((path) => existsSync(join(path, 'tokenizer.json')));
  if (folder === undefined) {
    return {
      tokenText: null,
      missing: `Tokens are shown by their ids: the tokenizer in ${model} is not there any more.`,
    };
  }
  try {
    const tokenizer = await loadTokenizer(folder);
    return { tokenText: (id) => tokenizer.tokenText(id), missing: null };
  } catch (error) {
    return {
      tokenText: null,
      missing: `Tokens are shown by their ids: ${toErrorRecord(error, 'tokenizer_invalid').message}`,
    };
  }
}
