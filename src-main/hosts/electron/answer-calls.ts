/** Answers the renderer's calls: checks who asks, which endpoint and with what input, then calls the studio. */
import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { callChannel, endpointInputs, type EndpointName, type Reply, type StudioApi } from '../../contract/api.ts';
import { toErrorRecord } from '../../contract/errors.ts';

/** Only the top frame of the studio's own page may call. */
function isTrusted(event: Pick<IpcMainInvokeEvent, 'senderFrame'>, origin: string): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame.parent === null && (frame.url === origin || frame.url.startsWith(`${origin}/`));
}

function isEndpoint(name: unknown): name is EndpointName {
  return typeof name === 'string' && Object.hasOwn(endpointInputs, name);
}

/**
 * @param origin scheme and host of the renderer's page, without a slash at the end
 * @throws (to the caller, as a rejection) for a foreign frame, an unknown endpoint or a malformed input: those are
 *   never a person's mistake. A failure of the call itself comes back as `{ ok: false, error }`.
 */
export function answerCalls(ipcMain: Pick<IpcMain, 'handle'>, api: StudioApi, origin: string): void {
  ipcMain.handle(callChannel, async (event, endpoint: unknown, input: unknown): Promise<Reply<unknown>> => {
    if (!isTrusted(event, origin)) throw new Error('This page may not call the studio.');
    if (!isEndpoint(endpoint)) throw new Error(`The studio has no endpoint ${JSON.stringify(endpoint)}.`);
    const checked = endpointInputs[endpoint].parse(input);
    try {
      return { ok: true, value: await api[endpoint](checked) };
    } catch (error) {
      return { ok: false, error: toErrorRecord(error, 'io_failed') };
    }
  });
}
