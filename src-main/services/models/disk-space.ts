/** Room on a disk: whether there is enough before much is written, and a sentence when it runs out on the way. */
import { statfs } from 'node:fs/promises';
import { StudioError } from '../../contract/errors.ts';

/**
 * Does work that writes much into `folder`.
 *
 * @param what is written, as a sentence begins with it
 * @param missing bytes that are still to be written
 * @throws StudioError `io_failed` when the disk has less room, before the work begins or when others fill it meanwhile
 */
export async function withSpace(
  folder: string,
  what: string,
  missing: () => number | Promise<number>,
  work: () => Promise<void>,
): Promise<void> {
  if ((await missing()) > (await freeBytes(folder))) throw await tooLittle();
  try {
    await work();
  } catch (error) {
    throw isFull(error) ? await tooLittle(error) : error;
  }

  async function tooLittle(cause?: unknown): Promise<StudioError> {
    const message =
      `${what} needs ${size(await missing())} more on the disk with ${folder}, ` +
      `and ${size(await freeBytes(folder))} are free; make room there and start again.`;
    return new StudioError('io_failed', message, { path: folder }, { cause });
  }
}

/** Infinity where the disk does not say; some of a network's have no blocks. */
async function freeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder).catch(() => null);
  return disk === null || disk.blocks === 0 ? Infinity : disk.bavail * disk.bsize;
}

function isFull(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC';
}

function size(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
