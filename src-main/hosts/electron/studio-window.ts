/** The studio's one window: a sandboxed page without Node, shown when it has something to show. */
import type { BrowserWindow, BrowserWindowConstructorOptions, Dialog, WebContents } from 'electron';

/** The window's options; `preload` is the absolute path of the bundled preload script. */
export function studioWindowOptions(preload: string): BrowserWindowConstructorOptions {
  return {
    title: 'GRPO Studio',
    // Electron itself remembers where a window of this name stood, and that it was maximized.
    name: 'studio',
    windowStatePersistence: true,
    width: 1280,
    height: 820,
    minWidth: 900,
    minHeight: 600,
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  };
}

type RevealableWindow = Pick<BrowserWindow, 'isMinimized' | 'restore' | 'show' | 'focus'>;

/** Brings a window that exists to the front, as when the studio is started a second time. */
export function reveal(window: RevealableWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

type RecoverableWindow = Pick<BrowserWindow, 'isDestroyed' | 'reload' | 'show'>;

/**
 * Loads the page again after its process has died: it holds nothing that the studio does not keep. A page that dies before it has loaded
 * would do so again and again: it is left, and the person is told.
 */
export function recoverPage(
  contents: Pick<WebContents, 'on'>,
  window: RecoverableWindow,
  dialog: Pick<Dialog, 'showErrorBox'>,
): void {
  let loaded = false;
  let told = false;
  contents.on('did-finish-load', () => (loaded = true));
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    if (loaded) window.reload();
    else if (!told) {
      told = true;
      window.show(); // a window that was never shown could not be closed
      dialog.showErrorBox(
        'The page of the studio cannot be shown',
        `Its process ended while the page was loading (${reason}). Runs go on as long as the studio does.\n\nEnd the studio and start it again; if that does not help, free some memory or start it with --disable-gpu.`,
      );
    }
    loaded = false;
  });
}
