/// <reference lib="dom" />
/** The only bridge from the sandboxed page to the main process: hands the page its message port, and what only the desktop can tell: paths. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

const channel = 'studio:port'; // as in hosts/electron/connect-pages.ts, which this bundle cannot import

// A port cannot cross the context bridge: it goes to the page as a message of its own window.
ipcRenderer.on(channel, (event) => window.postMessage(channel, location.origin, [...event.ports]));

contextBridge.exposeInMainWorld('studioHost', {
  connect: () => ipcRenderer.send(channel),
  pathOf: (file: File) => webUtils.getPathForFile(file),
  chooseFolder: () => ipcRenderer.invoke('studio:choose-folder'),
});
