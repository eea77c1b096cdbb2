/** What a page may not do, whatever is loaded in it: ask for permissions, go elsewhere, open windows, embed others. */
import type { Session, Shell, WebContents } from 'electron';

type GuardedSession = Pick<
  Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
>;

/** The one thing a page may do beyond showing itself: put on the clipboard what a person has asked it to copy. */
const allowed = 'clipboard-sanitized-write';

/** The studio needs no camera, clipboard reading, notifications or devices of the page: every other request is refused. */
export function denyPermissions(session: GuardedSession): void {
  session.setPermissionRequestHandler((_contents, permission, callback) => callback(permission === allowed));
  session.setPermissionCheckHandler((_contents, permission) => permission === allowed);
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
