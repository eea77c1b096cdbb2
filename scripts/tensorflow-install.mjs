/**
 * Installs the backend `tensorflow` into `.tensorflow/`: gets libtensorflow, compiles the addon of @tensorflow/tfjs-node-gpu
 * against it, and computes a matrix product and a gradient with it. Run `npm run tensorflow:install`; `--force` does it again.
 *
 * libtensorflow comes from Google's archive; where that cannot be reached, from a TensorFlow wheel through pip. Nothing inside
 * node_modules changes, so `npm ci` does not undo it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, '.tensorflow');
const staging = join(folder, 'staging');
const manifestPath = join(folder, 'manifest.json');
const require = createRequire(import.meta.url);

/** The newest archive Google offers; its GPU build takes CUDA 12 and cuDNN 9. */
const ARCHIVE_VERSION = '2.18.0';
/** The newest wheel tested with tfjs-node 4.22. */
const WHEEL_RANGE = '>=2.16,<2.22';
const CONNECT_SECONDS = 10;

/** Something this machine lacks; `message` tells what to do. */
class CannotInstall extends Error {}

async function main() {
  checkMachine();
  const packageFolder = tfjsNodeFolder();
  const { version: tfjsNode } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const build = existsSync('/proc/driver/nvidia/version') ? 'gpu' : 'cpu';
  if (!process.argv.includes('--force') && isInstalled({ tfjsNode, build })) {
    console.log(
      `TensorFlow is already installed in ${folder}; \`npm run tensorflow:install -- --force\` installs it again.`,
    );
    console.log(verify());
    return;
  }
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(join(staging, 'download'), { recursive: true });
  console.log(
    build === 'gpu'
      ? 'Found an NVIDIA driver: installing the GPU build.'
      : 'Found no NVIDIA driver: installing the CPU build.',
  );
  const { tensorflow, source } = (await fromArchive(build)) ?? fromWheel(build);
  compileAddon(packageFolder);
  rmSync(manifestPath, { force: true }); // without it the engine takes TensorFlow for not installed
  for (const part of ['lib', 'addon']) {
    rmSync(join(folder, part), { recursive: true, force: true });
    renameSync(join(staging, part), join(folder, part));
  }
  writeFileSync(manifestPath, `${JSON.stringify({ tensorflow, build, tfjsNode, source }, null, 2)}\n`);
  console.log(verify());
  console.log(`Installed TensorFlow ${tensorflow} (${build} build, from ${source}) in ${folder}.`);
}

function checkMachine() {
  if (process.platform !== 'linux') {
    throw new CannotInstall(
      'The tensorflow backend can be installed on Linux only; the native backend works everywhere.',
    );
  }
  if (Number(process.versions.node.split('.')[0]) < 24) {
    throw new CannotInstall(
      'This needs Node 24. Run `npm run tensorflow:install`, which uses the Node of this project.',
    );
  }
}

function tfjsNodeFolder() {
  try {
    return dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    throw new CannotInstall('The optional package @tensorflow/tfjs-node-gpu is not installed. Run `npm ci` first.');
  }
}

function isInstalled({ tfjsNode, build }) {
  if (!existsSync(manifestPath)) return false;
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  return manifest.tfjsNode === tfjsNode && manifest.build === build;
}

/** Downloads and unpacks the official archive; undefined where it cannot be had. */
async function fromArchive(build) {
  if (process.arch !== 'x64') return undefined;
  const url = `https://storage.googleapis.com/tensorflow/versions/${ARCHIVE_VERSION}/libtensorflow-${build}-linux-x86_64.tar.gz`;
  console.log(`Downloading ${url} ...`);
  const path = join(staging, 'download', 'libtensorflow.tar.gz');
  try {
    await download(url, path);
  } catch (error) {
    console.log(`The archive cannot be had (${error.cause?.message ?? error.message}); trying a wheel through pip.`);
    return undefined;
  }
  execFileSync('tar', ['-xzf', path, '-C', staging, './lib', './include']);
  return { tensorflow: ARCHIVE_VERSION, source: 'the official archive' };
}

/** Streams `url` to `path`; the server must begin to answer within CONNECT_SECONDS. */
async function download(url, path) {
  const connecting = new AbortController();
  const timer = setTimeout(
    () => connecting.abort(new Error(`no answer within ${CONNECT_SECONDS} s`)),
    CONNECT_SECONDS * 1000,
  );
  const response = await fetch(url, { signal: connecting.signal }).finally(() => clearTimeout(timer));
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
}

/** Downloads a wheel with pip and unpacks its library and C headers. `tensorflow` is the GPU build, `tensorflow-cpu` the other. */
function fromWheel(build) {
  const name = build === 'gpu' ? 'tensorflow' : 'tensorflow-cpu';
  const target = join(staging, 'download');
  console.log(`Downloading the wheel ${name}${WHEEL_RANGE} through pip ...`);
  const options = [
    '--no-deps',
    '--retries',
    '0',
    '--timeout',
    String(CONNECT_SECONDS),
    '--only-binary',
    ':all:',
    '--dest',
    target,
  ];
  const pip = spawnSync('python3', ['-m', 'pip', 'download', '--quiet', ...options, name + WHEEL_RANGE], {
    encoding: 'utf8',
  });
  if (pip.status !== 0) {
    const reason =
      pip.error?.message ??
      pip.stderr
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('ERROR')) ??
      pip.stderr.trim();
    throw new CannotInstall(`Neither Google's archive nor the wheel ${name} can be had here. pip says: ${reason}`);
  }
  const wheel = readdirSync(target).find((file) => file.endsWith('.whl'));
  execFileSync('python3', ['-c', UNPACK_WHEEL, join(target, wheel), staging], { stdio: 'inherit' });
  return { tensorflow: wheel.split('-')[1], source: `the wheel ${name}` };
}

const UNPACK_WHEEL = `
import os, sys, zipfile
wheel, target = sys.argv[1:]
headers = tuple('tensorflow/include/' + part for part in ('tensorflow/c/', 'tensorflow/core/platform/', 'tsl/', 'xla/tsl/'))
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(headers) or name.startswith('tensorflow/libtensorflow_'):
            archive.extract(name, target)
os.rename(os.path.join(target, 'tensorflow', 'include'), os.path.join(target, 'include'))
os.rename(os.path.join(target, 'tensorflow'), os.path.join(target, 'lib'))
`;

/** Compiles the package's binding against staging/include and staging/lib into staging/addon/tfjs_binding.node. */
function compileAddon(packageFolder) {
  console.log('Compiling the addon ...');
  const build = join(staging, 'build');
  cpSync(join(packageFolder, 'binding'), join(build, 'binding'), { recursive: true });
  const libraries = readdirSync(join(staging, 'lib')).filter((file) =>
    /^libtensorflow(_cc|_framework)?\.so\.2$/.test(file),
  );
  writeFileSync(join(build, 'binding.gyp'), JSON.stringify(bindingGyp(libraries), null, 2));
  const gyp = require.resolve('node-gyp/bin/node-gyp.js');
  const result = spawnSync(process.execPath, [gyp, 'rebuild', '--directory', build, ...nodeHeaders()], {
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    throw new CannotInstall(
      `The addon does not compile; a C++17 compiler, make and python3 are needed.\n${result.stdout}\n${result.stderr}`,
    );
  }
  mkdirSync(join(staging, 'addon'));
  cpSync(join(build, 'build', 'Release', 'tfjs_binding.node'), join(staging, 'addon', 'tfjs_binding.node'));
}

function bindingGyp(libraries) {
  const include = join(staging, 'include');
  return {
    targets: [
      {
        target_name: 'tfjs_binding',
        sources: ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'],
        // The archive keeps TSL's headers under external/, the wheel beside TensorFlow's.
        include_dirs: [include, join(include, 'external', 'local_tsl'), join(include, 'external', 'local_xla')],
        defines: ['NAPI_VERSION=8'],
        cflags: ['-w'],
        libraries: [...libraries.map((file) => join(staging, 'lib', file)), "-Wl,-rpath,'$$ORIGIN/../lib'"],
      },
    ],
  };
}

/** Tells node-gyp where Node's headers lie, if they came with Node; otherwise it downloads them. */
function nodeHeaders() {
  const bundled = join(root, 'node_modules', 'node', 'node_modules', `node-linux-${process.arch}`);
  const places = [dirname(dirname(process.execPath)), bundled];
  const place = places.find((path) => existsSync(join(path, 'include', 'node', 'node_api.h')));
  return place ? ['--nodedir', place] : [];
}

/**
 * Computes with the backend in a process of its own, as the engine does, and returns a sentence about it. An installation that
 * fails is disowned, so that the engine does not choose it and the next run of this script installs it anew.
 */
function verify() {
  const result = spawnSync(process.execPath, ['--input-type=module', '--eval', VERIFY], {
    cwd: root,
    encoding: 'utf8',
  });
  if (result.status === 0) return result.stdout.trim();
  rmSync(manifestPath);
  throw new CannotInstall(
    `TensorFlow is in ${folder} but does not compute; the next run installs it anew.\n${result.stderr || `The process ended with ${result.signal}.`}`,
  );
}

const VERIFY = `
process.on('uncaughtException', (error) => {
  console.error(error.message);
  process.exit(1);
});
import * as tf from '@tensorflow/tfjs-core';
import { activate, probe } from './src-main/engine/tensor/tensorflow-backend.ts';
await activate();
await tf.setBackend('tensorflow');
const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
const product = tf.matMul(x, tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync().join();
if (product !== '19,22,43,50') throw new Error('The matrix product is ' + product + ' instead of 19,22,43,50.');
const gradient = tf.grad((w) => tf.sum(tf.square(tf.matMul(x, w))))(tf.tensor2d([1, -1], [2, 1])).dataSync().join();
if (gradient !== '-8,-12') throw new Error('The gradient is ' + gradient + ' instead of -8,-12.');
const { device, why } = await probe();
console.log('Verified a matrix product and a gradient on ' + device + '. ' + why);
`;

try {
  await main();
} catch (error) {
  if (!(error instanceof CannotInstall)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(staging, { recursive: true, force: true });
}
