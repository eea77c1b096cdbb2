/** Serves the built renderer under `studio://app/`. */
import { readPageFile } from '../page-files.ts';

export const rendererScheme = 'studio';
export const rendererOrigin = `${rendererScheme}://app`;

/**
 * The handler of `protocol.handle`: files of `directory` and nothing outside it.
 * @param directory the folder electron-vite built the renderer into
 */
export function rendererHandler(directory: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const allowed = url.host === 'app' && request.method === 'GET';
    const file = allowed ? await readPageFile(directory, url.pathname) : null;
    return file === null ? new Response(null, { status: 404 }) : new Response(file.body, { headers: file.headers });
  };
}
