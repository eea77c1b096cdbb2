/** Chooses the tensor backend once per process: probes what is installed, takes the best (or the one asked for) and tells why. */
import * as tf from '@tensorflow/tfjs-core';
import type { BackendName } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import type { BackendProbe, InstalledBackendName } from './backend-probe.ts';
import * as cpu from './cpu-backend.ts';
import * as native from './native-backend.ts';
import * as tensorflow from './tensorflow-backend.ts';

export type { BackendProbe };

export interface BackendChoice {
  name: InstalledBackendName;
  device: string;
  /** Every backend, best first, with the reason it is or is not used. */
  tried: BackendProbe[];
}

const modules = { native, tensorflow, cpu };

/** Probes every backend and activates none. Best first: TensorFlow on a GPU, native, TensorFlow on a CPU, plain JavaScript. */
export async function probeBackends(): Promise<BackendProbe[]> {
  const found = { tensorflow: await tensorflow.probe(), native: await native.probe(), cpu: await cpu.probe() };
  return tensorflow.usesGpu()
    ? [found.tensorflow, found.native, found.cpu]
    : [found.native, found.tensorflow, found.cpu];
}

/**
 * Makes `requested`, or for `auto` the best backend that loads, the current tfjs backend.
 * @throws StudioError `backend_unavailable` when the requested backend is not installed here or does not load
 */
export async function selectBackend(requested: BackendName): Promise<BackendChoice> {
  const probes = await probeBackends();
  if (requested === 'auto') return selectBest(probes);
  const wanted = probes.find((probe) => probe.name === requested)!;
  if (!wanted.available) {
    throw new StudioError('backend_unavailable', `The backend ${requested} cannot be used here. ${wanted.why}`, {
      field: 'backend',
    });
  }
  await use(wanted.name);
  return choice(wanted, probes, 'It was asked for.', `Not used because ${requested} was asked for.`);
}

async function selectBest(probes: BackendProbe[]): Promise<BackendChoice> {
  for (const probe of probes) {
    if (!probe.available) continue;
    try {
      await use(probe.name);
    } catch (error) {
      probe.available = false;
      probe.why = (error as Error).message;
      continue;
    }
    return choice(
      probe,
      probes,
      'It is the best backend on this machine.',
      `Not used because ${probe.name} (${probe.device}) is better.`,
    );
  }
  throw new StudioError(
    'backend_unavailable',
    `No tensor backend loads here. ${probes.map(({ why }) => why).join(' ')}`,
  );
}

async function use(name: InstalledBackendName): Promise<void> {
  await modules[name].activate();
  await tf.setBackend(name);
  await tf.ready();
}

function choice(chosen: BackendProbe, probes: BackendProbe[], used: string, notUsed: string): BackendChoice {
  const tried = probes.map((probe) => {
    if (probe === chosen) return { ...probe, why: `${used} ${probe.why}` };
    return probe.available ? { ...probe, why: `${notUsed} ${probe.why}` } : probe;
  });
  return { name: chosen.name, device: chosen.device ?? chosen.name, tried };
}
