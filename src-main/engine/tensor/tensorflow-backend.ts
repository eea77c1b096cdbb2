/**
 * The backend `tensorflow`: the kernels of @tensorflow/tfjs-node-gpu over libtensorflow, on a CUDA GPU where there is one. The
 * package stays as npm unpacked it; the library and the addon are those that `npm run tensorflow:install` put in `.tensorflow/`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { StudioError } from '../../contract/errors.ts';
import type { BackendProbe } from './backend-probe.ts';

const PACKAGE = '@tensorflow/tfjs-node-gpu';
const INSTALL = 'Run `npm run tensorflow:install`.';

/** `.tensorflow/manifest.json`, written by scripts/tensorflow-install.mjs once the installation computed correctly. */
interface Manifest {
  /** Version of libtensorflow. */
  tensorflow: string;
  build: 'cpu' | 'gpu';
  /** Version of tfjs-node-gpu whose binding was compiled. */
  tfjsNode: string;
}

interface Addon {
  isUsingGpuDevice(): boolean;
}

type Installation = { addonPath: string; manifest: Manifest } | { missing: string };

const nodeRequire = createRequire(import.meta.url);
let addon: Addon | undefined;

/** Finds the installation without loading it; a GPU build is loaded, because only CUDA itself can tell whether it works here. */
export async function probe(): Promise<BackendProbe> {
  const unavailable = (why: string): BackendProbe => ({ name: 'tensorflow', available: false, device: null, why });
  const found = findInstallation();
  if ('missing' in found) return unavailable(found.missing);
  const { tensorflow: version, build } = found.manifest;
  try {
    if (build === 'gpu') loadAddon(found.addonPath);
  } catch (error) {
    return unavailable(`TensorFlow ${version} is installed but does not load: ${(error as Error).message}`);
  }
  const device = usesGpu() ? `CUDA GPU: ${gpuName()}` : `TensorFlow ${version} on CPU`;
  const reasons = {
    cpu: 'The installed TensorFlow is a build without CUDA.',
    gpu: usesGpu()
      ? 'TensorFlow found a CUDA device.'
      : 'TensorFlow has CUDA support but found no usable device or CUDA library.',
  };
  return { name: 'tensorflow', available: true, device, why: reasons[build] };
}

/** Whether the TensorFlow that `probe` or `activate` loaded computes on a GPU. */
export function usesGpu(): boolean {
  return addon?.isUsingGpuDevice() ?? false;
}

/**
 * Loads libtensorflow and registers the backend `tensorflow` and its kernels with tfjs.
 * @throws StudioError `backend_unavailable` when it is not installed or does not load
 */
export async function activate(): Promise<void> {
  if (tf.findBackendFactory('tensorflow')) return;
  const found = findInstallation();
  if ('missing' in found) throw new StudioError('backend_unavailable', found.missing, { field: 'backend' });
  try {
    const binding = loadAddon(found.addonPath);
    restoreUtil();
    // The package's main module is passed by: it looks for the addon inside the package and makes itself the current backend.
    nodeRequire(`${PACKAGE}/dist/register_all_kernels.js`);
    const { NodeJSKernelBackend } = nodeRequire(`${PACKAGE}/dist/nodejs_kernel_backend.js`) as {
      NodeJSKernelBackend: new (binding: Addon, packageName: string) => tf.KernelBackend;
    };
    tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, PACKAGE));
  } catch (error) {
    throw new StudioError(
      'backend_unavailable',
      `TensorFlow does not load: ${(error as Error).message}`,
      { path: found.addonPath },
      { cause: error },
    );
  }
}

function findInstallation(): Installation {
  let packagePath: string;
  try {
    packagePath = nodeRequire.resolve(`${PACKAGE}/package.json`);
  } catch {
    return {
      missing: `The optional package ${PACKAGE} is not installed. Run \`npm install\`, then \`npm run tensorflow:install\`.`,
    };
  }
  const folder = resolve(packagePath, '../../../../.tensorflow'); // beside node_modules, where `npm ci` leaves it alone
  const manifestPath = join(folder, 'manifest.json');
  if (!existsSync(manifestPath)) return { missing: `libtensorflow is not installed. ${INSTALL}` };
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest;
  const { version } = JSON.parse(readFileSync(packagePath, 'utf8')) as { version: string };
  if (manifest.tfjsNode !== version) {
    return {
      missing: `The TensorFlow addon was built for ${PACKAGE} ${manifest.tfjsNode}, and ${version} is installed. ${INSTALL}`,
    };
  }
  return { addonPath: join(folder, 'addon', 'tfjs_binding.node'), manifest };
}

function loadAddon(path: string): Addon {
  // libtensorflow reads these when it loads: errors only, and Eigen's products, which are no slower than oneDNN's here and come
  // without its banner.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '0';
  return (addon ??= nodeRequire(path) as Addon);
}

/** Gives `node:util` the functions that tfjs-node 4.22 calls and Node removed, or deprecated with a warning. */
function restoreUtil(): void {
  const util = nodeRequire('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] = Array.isArray;
}

function gpuName(): string {
  try {
    const names = execFileSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { encoding: 'utf8' });
    return names.split('\n')[0];
  } catch {
    return 'unnamed (nvidia-smi does not run)';
  }
}
