/** Hands each page of the studio's own a message port to the studio, whenever it asks for one: on load, and after a reload. */
import type { IpcMain, IpcMainEvent, MessagePortMain } from 'electron';
import { messagePort } from '../../rpc/message-port.ts';
import { serve, type Service } from '../../rpc/server.ts';

/** Between the preload script and the main process: the page asks, and gets its port back on the same channel. */
export const portChannel = 'studio:port';

/** Only the top frame of the studio's own page may connect. */
function isTrusted({ senderFrame: frame }: Pick<IpcMainEvent, 'senderFrame'>, origin: string): boolean {
  return frame !== null && frame.parent === null && (frame.url === origin || frame.url.startsWith(`${origin}/`));
}

/**
 * @param createChannel makes a MessageChannelMain
 * @param origin scheme and host of the page, without a slash at the end
 */
export function connectPages(
  ipcMain: Pick<IpcMain, 'on'>,
  createChannel: () => { port1: MessagePortMain; port2: MessagePortMain },
  service: Service,
  origin: string,
): void {
  ipcMain.on(portChannel, (event) => {
    if (!isTrusted(event, origin)) return;
    const { port1, port2 } = createChannel();
    const end = serve(messagePort(port1), service);
    port1.on('close', end);
    event.senderFrame?.postMessage(portChannel, null, [port2]);
  });
}
