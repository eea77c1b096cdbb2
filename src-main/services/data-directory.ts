/** Where the studio keeps its database and its runs. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface DataDirectorySources {
  /** The value of `--data-dir`, when given. */
  flag?: string | undefined;
  environment?: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  home?: string;
}

/** The absolute data directory: `--data-dir`, else GRPO_STUDIO_HOME, else the platform's folder for application data. */
export function resolveDataDirectory(sources: DataDirectorySources = {}): string {
  const { flag, environment = process.env, platform = process.platform, home = homedir() } = sources;
  // An empty variable counts as unset, as everywhere in a shell.
  const chosen = [flag, environment['GRPO_STUDIO_HOME']].find((path) => path !== undefined && path !== '');
  if (chosen !== undefined) return resolve(chosen);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'GRPO Studio');
  if (platform === 'win32') return join(environment['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'GRPO Studio');
  return join(home, '.local', 'share', 'grpo-studio');
}

export function databasePath(dataDirectory: string): string {
  return join(dataDirectory, 'studio.sqlite');
}
