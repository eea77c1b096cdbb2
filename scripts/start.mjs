/** `npm start`: builds the studio, then opens the desktop app where Electron and a display exist, else serves the page on loopback. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = (command, args) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });

/** Electron's package downloads its binary on its own and notes its place in path.txt; without it there is no desktop app. */
function electronBinary() {
  const electron = join(root, 'node_modules/electron');
  const note = join(electron, 'path.txt');
  if (!existsSync(note)) return null;
  const binary = join(electron, 'dist', readFileSync(note, 'utf8').trim());
  return existsSync(binary) ? binary : null;
}

const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

const built = run('electron-vite', ['build', '--logLevel', 'warn']);
if (built.status !== 0) process.exit(built.status ?? 1);

const binary = hasDisplay ? electronBinary() : null;
const words = process.argv.slice(2);
if (binary === null) {
  console.log(
    hasDisplay
      ? 'Electron is not installed here: serving the page instead.'
      : 'No display here: serving the page instead.',
  );
}
const ended =
  binary === null
    ? run('node', ['src-main/cli/main.ts', 'serve', ...words])
    : spawnSync(binary, ['.', ...words], { cwd: root, stdio: 'inherit' });
process.exit(ended.status ?? 1);
