/** What a page may not do, whatever is loaded in it: ask for permissions, go elsewhere, open windows, embed others. */
import type { Session, Shell, WebContents } from 'electron';

type GuardedSession = Pick<
  Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
>;

/** The studio needs no camera, clipboard reading, notifications or devices of the page: every request is refused. */
export function denyPermissions(session: GuardedSession): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

type GuardedContents = Pick<WebContents, 'on' | 'getURL' | 'setWindowOpenHandler'>;

/** Keeps `contents` on the page it shows (a reload is allowed); an https link opens in the person's own browser. */
export function denyNavigation(contents: GuardedContents, shell: Pick<Shell, 'openExternal'>): void {
  const openOutside = (url: string) => {
    if (URL.parse(url)?.protocol === 'https:') void shell.openExternal(url);
  };
  contents.on('will-navigate', (event) => {
    if (event.url === contents.getURL()) return;
    event.preventDefault();
    openOutside(event.url);
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
}
