/** The choice of a backend, with the real JavaScript backend and the other two as this test pretends they are. */
import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { selectBackend } from './backend.ts';
import * as native from './native-backend.ts';
import * as tensorflow from './tensorflow-backend.ts';

vi.mock('./native-backend.ts', () => ({ probe: vi.fn(), activate: vi.fn() }));
vi.mock('./tensorflow-backend.ts', () => ({ probe: vi.fn(), activate: vi.fn(), usesGpu: vi.fn() }));

/** Makes a backend look installed, computing on `device`, or not installed for the reason `why`. */
function pretend(name: 'native' | 'tensorflow', found: { device: string } | { why: string }): void {
  const module = { native, tensorflow }[name];
  const device = 'device' in found ? found.device : null;
  const why = 'why' in found ? found.why : `${name} was found.`;
  vi.mocked(module.probe).mockImplementation(async () => ({ name, available: device !== null, device, why }));
  vi.mocked(module.activate).mockImplementation(async () => {
    if (!tf.findBackendFactory(name)) tf.registerBackend(name, () => new MathBackendCPU());
  });
  if (name === 'tensorflow') vi.mocked(tensorflow.usesGpu).mockReturnValue(device?.startsWith('CUDA') ?? false);
}

beforeEach(() => {
  vi.clearAllMocks();
  pretend('native', { device: 'C++ on 2 threads' });
  pretend('tensorflow', { device: 'TensorFlow 2.21.0 on CPU' });
});

const order = async (): Promise<string[]> => (await selectBackend('auto')).tried.map(({ name }) => name);

describe('auto', () => {
  test('takes native before TensorFlow on a CPU', async () => {
    const choice = await selectBackend('auto');
    expect(choice).toMatchObject({ name: 'native', device: 'C++ on 2 threads' });
    expect(tf.getBackend()).toBe('native');
    expect(choice.tried.map(({ name, why }) => [name, why])).toEqual([
      ['native', 'It is the best backend on this machine. native was found.'],
      ['tensorflow', 'Not used because native (C++ on 2 threads) is better. tensorflow was found.'],
      ['cpu', expect.stringContaining('Not used because native')],
    ]);
  });

  test('takes TensorFlow on a GPU before native', async () => {
    pretend('tensorflow', { device: 'CUDA GPU: NVIDIA H200' });
    expect(await selectBackend('auto')).toMatchObject({ name: 'tensorflow', device: 'CUDA GPU: NVIDIA H200' });
    expect(await order()).toEqual(['tensorflow', 'native', 'cpu']);
  });

  test('takes TensorFlow on a CPU where native is missing, and says why native is', async () => {
    pretend('native', { why: 'The addon is not built.' });
    const choice = await selectBackend('auto');
    expect(choice.name).toBe('tensorflow');
    expect(choice.tried[0]).toMatchObject({ name: 'native', available: false, why: 'The addon is not built.' });
  });

  test('goes on to the next where the best does not load, and says why it did not', async () => {
    vi.mocked(native.activate).mockRejectedValue(new Error('The addon needs a newer libstdc++.'));
    const choice = await selectBackend('auto');
    expect(choice.name).toBe('tensorflow');
    expect(choice.tried[0]).toMatchObject({
      name: 'native',
      available: false,
      why: 'The addon needs a newer libstdc++.',
    });
  });

  test('ends at plain JavaScript', async () => {
    pretend('native', { why: 'The addon is not built.' });
    pretend('tensorflow', { why: 'libtensorflow is not installed.' });
    expect((await selectBackend('auto')).name).toBe('cpu');
    expect(Array.from(tf.add(1, 2).dataSync())).toEqual([3]);
  });
});

describe('a backend asked for by name', () => {
  test('is taken although there is a better one', async () => {
    const choice = await selectBackend('cpu');
    expect(choice.name).toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
    expect(choice.tried[0]?.why).toBe('Not used because cpu was asked for. native was found.');
    expect(native.activate).not.toHaveBeenCalled();
  });

  test('is an error where it is not installed', async () => {
    pretend('tensorflow', { why: 'libtensorflow is not installed. Run `npm run tensorflow:install`.' });
    await expect(selectBackend('tensorflow')).rejects.toMatchObject({
      code: 'backend_unavailable',
      message:
        'The backend tensorflow cannot be used here. libtensorflow is not installed. Run `npm run tensorflow:install`.',
      where: { field: 'backend' },
    });
  });

  test('is an error where it does not load', async () => {
    vi.mocked(native.activate).mockRejectedValue(new Error('The addon needs a newer libstdc++.'));
    await expect(selectBackend('native')).rejects.toThrow('newer libstdc++');
  });
});
