/** The studio's one window: a sandboxed page without Node, shown when it has something to show. */
import type { BrowserWindow, BrowserWindowConstructorOptions, WebContents } from 'electron';

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

type RecoverableWindow = Pick<BrowserWindow, 'isDestroyed' | 'reload'>;

/**
 * Loads the page again after its process has died: it holds nothing that the studio does not keep. A page that dies before it has loaded
 * would do so again and again, and is left.
 */
export function recoverPage(contents: Pick<WebContents, 'on'>, window: RecoverableWindow): void {
  let loaded = false;
  contents.on('did-finish-load', () => (loaded = true));
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || !loaded || window.isDestroyed()) return;
    loaded = false;
    window.reload();
  });
}
