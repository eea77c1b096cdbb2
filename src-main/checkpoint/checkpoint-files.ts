/** Opens the files of a checkpoint folder with the suspicion that files from elsewhere call for: nothing but regular files of sane sizes. */
import { constants } from 'node:fs';
import { access, open, type FileHandle } from 'node:fs/promises';
import { StudioError, type ErrorCode } from '../contract/errors.ts';

/** Largest text file that is read whole where nothing else is said; the indexes of the largest models have some MB. */
const MAX_TEXT_BYTES = 16 * 2 ** 20;

/**
 * @returns null when there is no such file
 * @throws StudioError of the given code when it cannot be opened or is no regular file
 */
export async function openFile(path: string, code: ErrorCode): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    // A pipe would block until somebody writes to it.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new StudioError(code, `${path} cannot be opened: ${(error as Error).message}.`, { path }, { cause: error });
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new StudioError(code, `${path} must be a file, but it is a folder or a device.`, { path });
}

/**
 * @returns the file's text, null when there is no such file
 * @throws StudioError of the given code when it cannot be read, has more bytes than `most` or is not UTF-8
 */
export async function readTextFile(path: string, code: ErrorCode, most = MAX_TEXT_BYTES): Promise<string | null> {
  const file = await openFile(path, code);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    if (size > most) {
      throw new StudioError(code, `${path} has ${size} bytes, more than any file of its kind has.`, { path });
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
  } catch (error) {
    if (error instanceof StudioError) throw error;
    throw new StudioError(code, `${path} cannot be read: ${(error as Error).message}.`, { path }, { cause: error });
  } finally {
    await file.close();
  }
}

/**
 * @returns the file's JSON object, null when there is no such file
 * @throws StudioError of the given code when it cannot be read or holds something else
 */
export async function readJsonFile(
  path: string,
  code: ErrorCode,
  most = MAX_TEXT_BYTES,
): Promise<Record<string, unknown> | null> {
  const text = await readTextFile(path, code, most);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `${path} is not valid JSON: ${(error as Error).message}.`;
    throw new StudioError(code, message, { path }, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new StudioError(code, `${path} does not hold a JSON object.`, { path });
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** What zod says of a value, in words of the file rather than of JavaScript. */
export function wording(message: string): string {
  return message.replace(/^Invalid input: expected (.*), received undefined$/, 'it must be a $1, but it is missing');
}
