import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createUtilityLauncher } from './utility-launcher.ts';

function launch() {
  const child = Object.assign(new EventEmitter(), {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    postMessage: vi.fn(),
    kill: vi.fn(() => true),
  });
  const fork = vi.fn(() => child);
  const onEvent = vi.fn();
  const onExit = vi.fn();
  const engine = createUtilityLauncher({ fork }, '/app/out/main/engine.js')(onEvent, onExit);
  return { child, fork, onEvent, onExit, engine };
}

test('forks the engine and carries commands and events', () => {
  const { child, fork, onEvent, engine } = launch();
  expect(fork).toHaveBeenCalledWith('/app/out/main/engine.js', [], {
    serviceName: 'GRPO Studio engine',
    stdio: 'pipe',
  });
  engine.send({ type: 'pause' });
  expect(child.postMessage).toHaveBeenCalledWith({ type: 'pause' });
  child.emit('message', { type: 'paused', step: 3 });
  expect(onEvent).toHaveBeenCalledWith({ type: 'paused', step: 3 });
  engine.kill();
  expect(child.kill).toHaveBeenCalledOnce();
});

test('reports the exit with the newest lines of output and sends nothing afterwards', async () => {
  const { child, onExit, engine } = launch();
  child.stderr.write(Array.from({ length: 50 }, (_, line) => `line ${line}\n`).join(''));
  await setImmediate();
  child.emit('exit', 134);
  expect(onExit).toHaveBeenCalledOnce();
  const exit = onExit.mock.calls[0]![0];
  expect(exit).toMatchObject({ code: 134, signal: null });
  expect(exit.output).toHaveLength(40);
  expect(exit.output.at(-1)).toBe('line 49');
  engine.send({ type: 'stop' });
  expect(child.postMessage).not.toHaveBeenCalled();
});

test('an error of V8 is part of the report', () => {
  const { child, onExit } = launch();
  child.emit('error', 'FatalError', 'heap/heap.cc', '{}');
  child.emit('exit', 5);
  expect(onExit).toHaveBeenCalledExactlyOnceWith({ code: 5, signal: null, output: ['FatalError in heap/heap.cc'] });
});

test.each([
  { type: 'finished', step: 4, reason: 'completed' },
  { type: 'failed', step: 4, error: { code: 'engine_crashed', message: 'no' } },
])('ends the process after its last event, $type, and reports a clean exit', (event) => {
  const { child, onEvent, onExit } = launch();
  child.emit('message', { type: 'paused', step: 3 });
  expect(child.kill).not.toHaveBeenCalled();
  child.emit('message', event);
  expect(onEvent).toHaveBeenLastCalledWith(event);
  expect(child.kill).toHaveBeenCalledOnce();
  child.emit('exit', 15);
  expect(onExit).toHaveBeenCalledWith({ code: 0, signal: null, output: [] });
});
