/** The only bridge from the sandboxed page to the main process: the transport, nothing else. */
import { contextBridge, ipcRenderer } from 'electron';
import type { callChannel, StudioHost } from '../contract/api.ts';

const channel: typeof callChannel = 'studio:call'; // a value import would bundle zod into every page load

const host: StudioHost = {
  call: (endpoint, input) => ipcRenderer.invoke(channel, endpoint, input),
};

contextBridge.exposeInMainWorld('studioHost', host);
