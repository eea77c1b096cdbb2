/** Where the Hugging Face libraries of other programs keep what they downloaded. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** HF_HUB_CACHE, else `hub` in HF_HOME, else below XDG_CACHE_HOME or ~/.cache, as huggingface_hub has it. */
export function hubCacheFolder(): string {
  // An empty variable counts as unset, as everywhere in a shell.
  const first = (...names: string[]) => names.map((name) => process.env[name]).find((value) => Boolean(value));
  const home = first('HF_HOME') ?? join(first('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  return first('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub');
}
