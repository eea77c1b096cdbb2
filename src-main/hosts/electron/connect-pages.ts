/** What the studio's own page may ask of the main process directly: a message port to the studio, and a folder dialog. */
import type { Dialog, IpcMain, IpcMainEvent, IpcMainInvokeEvent, MessagePortMain } from 'electron';
import { messagePort } from '../../rpc/message-port.ts';
import { serve, type Service } from '../../rpc/server.ts';

/** The page asks for a port on this channel, and gets it back on the same. */
const portChannel = 'studio:port';

const folderChannel = 'studio:choose-folder';

/** Only the top frame of the studio's own page may ask. */
function isTrusted(
  { senderFrame: frame }: Pick<IpcMainEvent | IpcMainInvokeEvent, 'senderFrame'>,
  origin: string,
): boolean {
  return frame !== null && frame.parent === null && (frame.url === origin || frame.url.startsWith(`${origin}/`));
}

/**
 * Gives each page a port whenever it asks for one: on load, and after a reload.
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

/** Answers with the folder a person chose, null when none. */
export function answerFolderChoice(
  ipcMain: Pick<IpcMain, 'handle'>,
  dialog: Pick<Dialog, 'showOpenDialog'>,
  origin: string,
): void {
  ipcMain.handle(folderChannel, async (event): Promise<string | null> => {
    if (!isTrusted(event, origin)) throw new Error('This page may not open dialogs.');
    const { filePaths } = await dialog.showOpenDialog({ properties: ['openDirectory'] });
    return filePaths[0] ?? null;
  });
}
