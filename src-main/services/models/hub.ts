/** The Hugging Face Hub as the library asks it: which files a model has, and one of them from some byte on. Errors come as sentences. */
import { setTimeout } from 'node:timers/promises';
import {
  downloadFile,
  fileDownloadInfo,
  HubApiError,
  InvalidApiResponseFormatError,
  listFiles,
  modelInfo,
} from '@huggingface/hub';
import { z } from 'zod';
import { StudioError } from '../../contract/errors.ts';

export interface HubAccess {
  /** `owner/name`. */
  id: string;
  /** Branch, tag or commit. */
  revision: string;
  token: string | null;
  /** null: huggingface.co. */
  hubUrl: string | null;
  signal: AbortSignal;
}

export interface HubFile {
  path: string;
  bytes: number;
  /** What its content must hash to: SHA-256 for large files, git's SHA-1 of a blob for the others. */
  checksum: { algorithm: 'sha256' | 'git-sha1'; value: string };
}

export interface HubListing {
  /** The commit that the revision is now; all files are taken from it. */
  commit: string;
  /** Files at the top of the repository. */
  files: HubFile[];
}

/** How often something is begun again before a download is given up for now. */
export const ATTEMPTS = 4;

/** The longest pause that a server may ask for, in seconds. */
const LONGEST_PAUSE = 60;

const commitSchema = z.string().regex(/^[0-9a-f]{40}$/);
/** Names and checksums become names of files here, so a server must not choose them freely. */
const fileSchema = z.object({
  path: z.string().regex(/^[^/\\]+$/),
  size: z.int().nonnegative(),
  oid: z.string(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).optional(),
});

/** Whether the environment forbids the network, as huggingface_hub reads HF_HUB_OFFLINE. */
export function offlineByEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return /^(1|on|yes|true)$/i.test(environment['HF_HUB_OFFLINE'] ?? '');
}

/** @throws StudioError `io_failed` when there is no such model, it may not be read, or the Hub cannot be reached */
export async function listHubFiles(access: HubAccess): Promise<HubListing> {
  return inSentences(access, async () => {
    const common = parameters(access);
    const { id, revision } = access;
    const { sha } = await modelInfo({ ...common, name: id, revision, additionalFields: ['sha'] });
    const commit = commitSchema.parse(sha);
    const files: HubFile[] = [];
    for await (const entry of listFiles({ ...common, repo: id, revision: commit })) {
      if (entry.type !== 'file') continue;
      const { path, size, oid, lfs } = fileSchema.parse(entry);
      const checksum = lfs
        ? ({ algorithm: 'sha256', value: lfs.oid } as const)
        : ({ algorithm: 'git-sha1', value: commitSchema.parse(oid) } as const);
      files.push({ path, bytes: lfs?.size ?? size, checksum });
    }
    return { commit, files };
  });
}

/**
 * The bytes of a file from `start` on.
 *
 * @throws StudioError as `listHubFiles`, at once or while the stream is read
 */
export async function* readHubFile(access: HubAccess, file: HubFile, start: number): AsyncIterable<Uint8Array> {
  const blob = await inSentences(access, async () => {
    const common = { ...parameters(access), repo: access.id, path: file.path, revision: access.revision };
    const downloadInfo = await fileDownloadInfo(common);
    // Plain ranges instead of the xet protocol: a download can go on at any byte, and one checksum covers all of it.
    return downloadInfo === null ? null : downloadFile({ ...common, downloadInfo, xet: false });
  });
  if (blob?.size !== file.bytes) {
    throw new StudioError('io_failed', `${file.path} of ${access.id} is not there as the Hub lists it; try again.`);
  }
  const reader = (start === 0 ? blob : blob.slice(start, file.bytes)).stream().getReader();
  try {
    for (;;) {
      const { done, value } = await inSentences(access, () => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined); // it has ended or failed already
  }
}

function parameters({ token, hubUrl, signal }: HubAccess) {
  const fetchPatiently: typeof fetch = async (input, init) => {
    let response = await fetch(input, { ...init, signal });
    for (let attempt = 1; attempt < ATTEMPTS && mayPass(response.status); attempt++) {
      await response.body?.cancel();
      await pause(attempt, signal, Number(response.headers.get('retry-after')));
      response = await fetch(input, { ...init, signal });
    }
    const range = new Headers(init?.headers).get('range');
    // A server that sends the whole file instead would be appended to what is there.
    if (range !== null && !range.startsWith('bytes=0-') && response.status === 200) {
      await response.body?.cancel();
      throw new Error('the server does not send parts of files');
    }
    return response;
  };
  return {
    fetch: fetchPatiently,
    ...(token === null ? {} : { accessToken: token }),
    ...(hubUrl === null ? {} : { hubUrl: hubUrl.replace(/\/+$/, '') }),
  };
}

/** Answers that may be others soon: too many requests, and troubles of the server. */
function mayPass(status: number): boolean {
  return status === 429 || status >= 500;
}

/**
 * Waits longer with every attempt: 1, 4, 16 seconds.
 *
 * @param asked seconds that the server asks for; 0 or NaN when it does not
 */
export async function pause(attempt: number, signal: AbortSignal, asked = 0): Promise<void> {
  const seconds = asked > 0 ? Math.min(asked, LONGEST_PAUSE) : 4 ** (attempt - 1);
  await setTimeout(1000 * seconds, undefined, { signal });
}

async function inSentences<T>({ id, revision, token, signal }: HubAccess, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw new StudioError('io_failed', sentence(error), {}, { cause: error });
  }

  function sentence(error: unknown): string {
    if (isStrange(error)) {
      const advice = 'Check HF_ENDPOINT, and whether this network asks for a login first.';
      return `What answered for ${id} is not the Hugging Face Hub: its answer has another form. ${advice}`;
    }
    if (!(error instanceof HubApiError)) {
      const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
      const reason = cause instanceof Error && cause.message !== '' ? cause.message : message;
      return `The download of ${id} broke off: ${reason}. What has arrived is kept; start the download again to go on.`;
    }
    const { statusCode } = error;
    // The Hub answers 401 for a repository that does not exist, too, so that private ones cannot be guessed.
    if (statusCode === 401 || statusCode === 403) {
      const advice =
        token === null
          ? 'it is private or gated, or there is no such model: give an access token (HF_TOKEN)'
          : 'the token does not open it: ask for access on its page, or use another token';
      return `The Hugging Face Hub does not give ${id} away: ${advice}.`;
    }
    if (statusCode === 404) return `The Hugging Face Hub has no model ${id} with the revision ${revision}.`;
    if (statusCode === 429) {
      const advice = token === null ? ' An access token (HF_TOKEN) allows more of them.' : '';
      return `The Hugging Face Hub had too many requests (429). What has arrived is kept; start the download again later.${advice}`;
    }
    if (mayPass(statusCode)) {
      return `The Hugging Face Hub is in trouble (${statusCode}). What has arrived is kept; start the download of ${id} again later.`;
    }
    return `The Hugging Face Hub answered ${statusCode} for ${id}: ${error.message}`;
  }
}

/** Whether an answer was none of the Hub's: a page to log in at, say, or another server. */
export function isStrange(error: unknown): error is Error {
  if (error instanceof TypeError) return error.cause === undefined; // fetch says why, a wrong form does not
  return error instanceof SyntaxError || error instanceof z.ZodError || error instanceof InvalidApiResponseFormatError;
}
