/** The application's menu: the studio's places beside what every desktop program has. */
import type { MenuItemConstructorOptions } from 'electron';

/** The studio's parts, as the page's own navigation names them, with their address in the page. */
const places = ['Runs', 'Compare', 'Models', 'Datasets', 'Rewards', 'Playground', 'Settings'];

/**
 * @param go shows a place of the page, such as `#/runs`
 * @param development adds the developer tools
 */
export function applicationMenu(
  platform: NodeJS.Platform,
  development: boolean,
  go: (hash: string) => void,
): MenuItemConstructorOptions[] {
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
    ...(development ? ([{ role: 'reload' }, { role: 'toggleDevTools' }] as const) : []),
  ];
  return [
    ...(platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    {
      label: 'File',
      submenu: [
        { label: 'New Run', accelerator: 'CmdOrCtrl+N', click: () => go('#/runs/new') },
        { type: 'separator' },
        platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: 'Go',
      submenu: places.map((place, i) => ({
        label: place,
        accelerator: `CmdOrCtrl+${i + 1}`,
        click: () => go(`#/${place.toLowerCase()}`),
      })),
    },
    { label: 'View', submenu: view },
    { role: 'windowMenu' },
  ];
}
