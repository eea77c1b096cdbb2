import { expect, test, vi } from 'vitest';
import type { BackendReport, EngineCommand } from '../../contract/engine.ts';
import type { EngineLauncher } from '../../runs/engine-launcher.ts';
import { probeBackends } from './probe-backends.ts';

const report: BackendReport = {
  name: 'native',
  device: 'AVX2, 2 threads',
  tried: [
    { name: 'native', available: true, device: 'AVX2, 2 threads', why: 'It is the best backend on this machine.' },
  ],
};

/** An engine that answers a command as given. */
function engine(answer: (...events: Parameters<EngineLauncher>) => void) {
  const kill = vi.fn();
  const commands: EngineCommand[] = [];
  const launch: EngineLauncher = (onEvent, onExit) => ({
    send: (command) => {
      commands.push(command);
      answer(onEvent, onExit);
    },
    kill,
  });
  return { launch, kill, commands };
}

const { signal } = new AbortController();

test('the engine process is asked and ended', async () => {
  const { launch, kill, commands } = engine((onEvent) => onEvent({ type: 'backends', report }));
  expect(await probeBackends(launch, signal)).toEqual(report);
  expect(commands).toEqual([{ type: 'probe' }]);
  expect(kill).toHaveBeenCalledOnce();
});

test('that none can be used is said in the engine’s words', async () => {
  const error = { code: 'backend_unavailable', message: 'No tensor backend loads here.' } as const;
  const { launch } = engine((onEvent) => onEvent({ type: 'failed', step: 0, error }));
  await expect(probeBackends(launch, signal)).rejects.toMatchObject(error);
});

test('a backend that crashes takes only the engine along', async () => {
  const { launch, kill } = engine((_, onExit) => onExit({ code: null, signal: 'SIGILL', output: ['bad instruction'] }));
  await expect(probeBackends(launch, signal)).rejects.toMatchObject({
    code: 'engine_crashed',
    message: 'The engine ended by SIGILL while it tried its backends. It wrote: bad instruction',
  });
  expect(kill).toHaveBeenCalledOnce();
});

test('who gives up does not leave a process behind', async () => {
  const controller = new AbortController();
  const { launch, kill } = engine(() => controller.abort(new Error('left the page')));
  await expect(probeBackends(launch, controller.signal)).rejects.toThrow('left the page');
  expect(kill).toHaveBeenCalledOnce();
});
