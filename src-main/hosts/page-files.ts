/** The built page's files, for any host that serves them, and what the page may load. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

/** The page loads and reaches nothing but its own origin. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

export interface PageFile {
  body: Buffer<ArrayBuffer>;
  headers: Record<string, string>;
}

/**
 * @param directory the folder electron-vite built the renderer into
 * @param pathname of the request's URL, still encoded
 * @returns the file, null when there is none of a page's types inside the folder
 */
export async function readPageFile(directory: string, pathname: string): Promise<PageFile | null> {
  const root = normalize(directory + sep);
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  const file = join(root, path === '/' ? 'index.html' : path);
  const mediaType = mediaTypes[extname(file)];
  if (!file.startsWith(root) || file.includes('\0') || mediaType === undefined) return null;
  const body = await readFile(file).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  });
  if (body === null) return null;
  return {
    body,
    headers: {
      'content-type': mediaType,
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    },
  };
}
