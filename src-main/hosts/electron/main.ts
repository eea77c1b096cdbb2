/** The desktop app's main process: puts the window, the page's scheme, the guards and the studio's services together. */
import { join } from 'node:path';
import { app, BrowserWindow, ipcMain, protocol, session, shell } from 'electron';
import type { StudioApi } from '../../contract/api.ts';
import { databasePath, resolveDataDirectory } from '../../services/data-directory.ts';
import { createServices } from '../../services/runs.ts';
import type { Store } from '../../store/interfaces.ts';
import { openStore } from '../../store/open.ts';
import { answerCalls } from './answer-calls.ts';
import { denyNavigation, denyPermissions } from './guards.ts';
import { rendererHandler, rendererOrigin, rendererScheme } from './renderer-protocol.ts';
import { reveal, studioWindowOptions } from './studio-window.ts';

/** electron-vite's development server, which replaces the built renderer under `npm run dev`. */
const developmentUrl = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];
const pageOrigin = developmentUrl === undefined ? rendererOrigin : new URL(developmentUrl).origin;

let store: Store | null = null;

/** Opened by the first call, so that a database that cannot be opened is said in the window and can be tried again. */
function openedStore(): Store {
  store ??= openStore(databasePath(resolveDataDirectory()));
  return store;
}

const api: StudioApi = {
  'list-runs': () => createServices({ store: openedStore() }).listRuns(),
};

function openWindow(): void {
  const window = new BrowserWindow(studioWindowOptions(join(import.meta.dirname, '../preload/index.cjs')));
  denyNavigation(window.webContents, shell);
  window.once('ready-to-show', () => window.show());
  void window.loadURL(developmentUrl ?? `${rendererOrigin}/`);
}

function start(): void {
  denyPermissions(session.defaultSession);
  protocol.handle(rendererScheme, rendererHandler(join(import.meta.dirname, '../renderer')));
  answerCalls(ipcMain, api, pageOrigin);
  openWindow();
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) openWindow();
  });
}

if (app.requestSingleInstanceLock()) {
  protocol.registerSchemesAsPrivileged([
    { scheme: rendererScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows();
    if (window !== undefined) reveal(window);
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('will-quit', () => store?.close());
  void app.whenReady().then(start);
} else {
  app.quit();
}
