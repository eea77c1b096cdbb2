/** Writing that outlasts a power cut: what is synced here is on the disk before anything that follows. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a file's content, or the names in a folder, durable. Windows cannot sync folders and does not need to. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+').catch(() => (process.platform === 'win32' ? null : open(path, 'r')));
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and every file in it durable. */
export async function syncFolder(folder: string): Promise<void> {
  for (const file of await readdir(folder)) await sync(join(folder, file));
  await sync(folder);
}

export async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
