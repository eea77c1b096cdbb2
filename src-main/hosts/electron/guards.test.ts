import { expect, test, vi } from 'vitest';
import { denyNavigation, denyPermissions } from './guards.ts';

test('every permission is refused but that to copy', () => {
  const session = {
    setPermissionRequestHandler: vi.fn(),
    setPermissionCheckHandler: vi.fn(),
    setDevicePermissionHandler: vi.fn(),
  };
  denyPermissions(session);
  const granted = vi.fn();
  session.setPermissionRequestHandler.mock.calls[0]![0](null, 'media', granted);
  session.setPermissionRequestHandler.mock.calls[0]![0](null, 'clipboard-sanitized-write', granted);
  expect(granted.mock.calls).toEqual([[false], [true]]);
  expect(session.setPermissionCheckHandler.mock.calls[0]![0](null, 'clipboard-sanitized-write', '')).toBe(true);
  expect(session.setPermissionCheckHandler.mock.calls[0]![0](null, 'clipboard-read', '')).toBe(false);
  expect(session.setDevicePermissionHandler.mock.calls[0]![0]({ deviceType: 'usb' })).toBe(false);
});

function guardedContents() {
  const listeners = new Map<string, (event: { url: string; preventDefault: () => void }) => void>();
  const setWindowOpenHandler = vi.fn();
  const openExternal = vi.fn(async (_url: string) => undefined);
  const on = (name: string, listener: (event: { url: string; preventDefault: () => void }) => void) =>
    listeners.set(name, listener);
  const contents = { on, getURL: () => 'studio://app/', setWindowOpenHandler };
  denyNavigation(contents as unknown as Parameters<typeof denyNavigation>[0], { openExternal });
  const navigate = (name: string, url: string) => {
    const preventDefault = vi.fn();
    listeners.get(name)!({ url, preventDefault });
    return preventDefault.mock.calls.length === 0;
  };
  const openWindow = (url: string) => setWindowOpenHandler.mock.calls[0]![0]({ url }) as unknown;
  return { navigate, openWindow, openExternal };
}

test('the page may reload and go nowhere else', () => {
  const { navigate, openExternal } = guardedContents();
  expect(navigate('will-navigate', 'studio://app/')).toBe(true);
  expect(navigate('will-navigate', 'studio://app/other.html')).toBe(false);
  expect(navigate('will-navigate', 'file:///etc/passwd')).toBe(false);
  expect(navigate('will-attach-webview', '')).toBe(false);
  expect(openExternal).not.toHaveBeenCalled();
});

test('an https link opens outside; nothing else does', () => {
  const { navigate, openWindow, openExternal } = guardedContents();
  expect(navigate('will-navigate', 'https://arxiv.org/abs/2402.03300')).toBe(false);
  expect(openWindow('https://huggingface.co/')).toEqual({ action: 'deny' });
  expect(openWindow('http://example.com/')).toEqual({ action: 'deny' });
  expect(openWindow('smb://host/share')).toEqual({ action: 'deny' });
  expect(openWindow('no address')).toEqual({ action: 'deny' });
  expect(openExternal.mock.calls).toEqual([['https://arxiv.org/abs/2402.03300'], ['https://huggingface.co/']]);
});
