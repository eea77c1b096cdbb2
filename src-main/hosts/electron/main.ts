/** The desktop app's main process: puts the window, the page's scheme, the guards and the studio's services together. */
import { join } from 'node:path';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  Notification,
  protocol,
  session,
  shell,
  utilityProcess,
} from 'electron';
import { resolveDataDirectory } from '../../services/data-directory.ts';
import { hostStudio } from '../hosted-studio.ts';
import { applicationMenu } from './application-menu.ts';
import { answerFolderChoice, connectPages } from './connect-pages.ts';
import { denyNavigation, denyPermissions } from './guards.ts';
import { notifyOfEnd } from './notify-ends.ts';
import { guardQuit } from './quit-guard.ts';
import { rendererHandler, rendererOrigin, rendererScheme } from './renderer-protocol.ts';
import { recoverPage, reveal, studioWindowOptions } from './studio-window.ts';
import { createUtilityLauncher } from './utility-launcher.ts';

/** electron-vite's development server, which replaces the built renderer under `npm run dev`. */
const developmentUrl = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];
const pageUrl = developmentUrl ?? `${rendererOrigin}/`;
const pageOrigin = developmentUrl === undefined ? rendererOrigin : new URL(developmentUrl).origin;

const studio = hostStudio({
  dataDirectory: resolveDataDirectory(),
  launchEngine: createUtilityLauncher(utilityProcess, join(import.meta.dirname, 'engine.js')),
  onActivity: (activity) =>
    notifyOfEnd(activity, {
      isFocused: () => BrowserWindow.getFocusedWindow() !== null,
      nameOf: (run) => studio.nameOf(run),
      create: (options) => new Notification(options),
      open: (run) => show(`#/runs/${encodeURIComponent(run)}`),
    }),
});

/** Brings the window to the front, at a place of the page; opens it when there is none. */
function show(hash: string): void {
  const [window] = BrowserWindow.getAllWindows();
  if (window === undefined) openWindow(hash);
  else {
    reveal(window);
    void window.loadURL(pageUrl + hash);
  }
}

/** Brings the window to the front where it stands; opens it when there is none. */
function showWindow(): void {
  const [window] = BrowserWindow.getAllWindows();
  if (window === undefined) openWindow();
  else reveal(window);
}

function openWindow(hash = ''): void {
  const window = new BrowserWindow(studioWindowOptions(join(import.meta.dirname, '../preload/index.cjs')));
  denyNavigation(window.webContents, shell);
  recoverPage(window.webContents, window, dialog);
  window.once('ready-to-show', () => window.show());
  void window.loadURL(pageUrl + hash);
}

function start(): void {
  denyPermissions(session.defaultSession);
  protocol.handle(rendererScheme, rendererHandler(join(import.meta.dirname, '../renderer')));
  connectPages(ipcMain, () => new MessageChannelMain(), studio.service, pageOrigin);
  answerFolderChoice(ipcMain, dialog, pageOrigin);
  Menu.setApplicationMenu(Menu.buildFromTemplate(applicationMenu(process.platform, !app.isPackaged, show)));
  openWindow();
  app.on('activate', showWindow);
}

if (app.requestSingleInstanceLock()) {
  protocol.registerSchemesAsPrivileged([
    { scheme: rendererScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  // Windows shows notifications of a program that it knows by this id, which the installer gives to the shortcut.
  if (process.platform === 'win32') app.setAppUserModelId('org.grpo-studio.studio'); // as in electron-builder.yml
  guardQuit(app, dialog, studio, showWindow);
  app.on('second-instance', showWindow);
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  void app.whenReady().then(start);
} else {
  app.quit();
}
