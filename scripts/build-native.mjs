/**
 * Builds the C++ addon of the native CPU backend (`src-main/engine/native`) with node-gyp; npm runs it after an install, and it
 * can be run by hand. The studio works without the addon, only slower, so a failed build warns and exits with 0.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../src-main/engine/native');
const addon = join(folder, 'build/Release/grpo_native.node');
const stamp = join(folder, 'build/sources.sha256');

build();

function build() {
  const sources = sourcesHash();
  if (existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) {
    console.log('The native CPU backend is built already.');
    return;
  }
  const nodedir = headersFolder();
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const args = [
    nodeGyp,
    'configure',
    'build',
    '--release',
    '--jobs',
    'max',
    ...(nodedir ? [`--nodedir=${nodedir}`] : []),
  ];
  const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0 || !existsSync(addon)) return warn(run);
  writeFileSync(stamp, sources);
  console.log('Built the native CPU backend.');
}

/** A hash over what the build is made of: sources, build file, machine. */
function sourcesHash() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  const names = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const name of [join(folder, 'binding.gyp'), ...names]) hash.update(`${name}\n`).update(readFileSync(name));
  return hash.digest('hex');
}

/**
 * Where Node's C headers lie, if they are on this machine: npm's setting `nodedir`, or beside the running Node. Null lets
 * node-gyp download them. Headers of another Node version do: the addon uses Node-API alone, which is stable across versions.
 */
function headersFolder() {
  const setting = process.env.npm_config_nodedir ?? npmSetting('nodedir');
  const beside = resolve(dirname(process.execPath), '..');
  const found = [setting, beside].find((path) => path && existsSync(join(path, 'include/node/node_api.h')));
  return found ?? null;
}

function npmSetting(name) {
  const windows = process.platform === 'win32';
  const run = spawnSync(windows ? 'npm.cmd' : 'npm', ['config', 'get', name], { encoding: 'utf8', shell: windows });
  const value = run.status === 0 ? run.stdout.trim() : '';
  return value === 'undefined' || value === '' ? null : value;
}

function warn(run) {
  const output = `${run.stdout ?? ''}\n${run.stderr ?? ''}\n${run.error?.message ?? ''}`.split('\n');
  const reasons = output.filter((line) => /error/i.test(line) && !/not ok|configure error|build error|WARN/.test(line));
  console.warn(
    [
      'Warning: the native CPU backend could not be built. GRPO Studio works without it, but trains many times slower on the CPU.',
      ...reasons.slice(0, 3).map((line) => `  ${line.replace(/^gyp ERR! stack /, '').trim()}`),
      `To fix it, install a C++ compiler and Python 3 (${advice()}), then run: node scripts/build-native.mjs`,
      "Without a network, unpack Node's headers and set the environment variable npm_config_nodedir to their folder first.",
    ].join('\n'),
  );
}

function advice() {
  if (process.platform === 'darwin') return 'xcode-select --install';
  if (process.platform === 'win32') return 'Visual Studio Build Tools with "Desktop development with C++"';
  return 'on Debian or Ubuntu: sudo apt install g++ make python3';
}
