import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { StudioError } from '../contract/errors.ts';
import { CallError, Client } from './client.ts';
import { EventLog } from './event-log.ts';
import { memoryPorts } from './memory-port.ts';
import { messagePort } from './message-port.ts';
import { serve, type Service } from './server.ts';

function connection(service: Partial<Service>) {
  const client = new Client();
  const whole: Service = {
    call: () => Promise.reject(new Error('nothing to call')),
    channel: () => undefined,
    ...service,
  };
  const open = () => {
    const [page, studio] = memoryPorts();
    client.connect(page);
    return serve(studio, whole);
  };
  return { client, open, end: open() };
}

test('calls are answered, each with its own value', async () => {
  const { client } = connection({ call: async (endpoint, input) => ({ endpoint, input }) });
  const replies = await Promise.all([client.call('one', 1), client.call('two', { b: [2] })]);
  expect(replies).toEqual([
    { endpoint: 'one', input: 1 },
    { endpoint: 'two', input: { b: [2] } },
  ]);
});

test('an error arrives as its record', async () => {
  const { client } = connection({
    call: () => Promise.reject(new StudioError('run_not_found', 'There is no run x.', { field: 'id' })),
  });
  const error = await client.call('read-run', 'x').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CallError);
  expect((error as CallError).record).toEqual({ code: 'run_not_found', message: 'There is no run x.', field: 'id' });
});

test('a call that is given up is aborted in the studio', async () => {
  const aborted = vi.fn();
  const { client } = connection({
    call: (_endpoint, _input, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          aborted();
          reject(new Error('aborted'));
        }),
      ),
  });
  const controller = new AbortController();
  const call = client.call('slow', null, controller.signal);
  await Promise.resolve();
  controller.abort(new Error('changed my mind'));
  await expect(call).rejects.toThrow('changed my mind');
  await vi.waitFor(() => expect(aborted).toHaveBeenCalledOnce(), 30_000);
});

test('a lost connection fails the calls that wait and aborts them in the studio', async () => {
  const aborted = vi.fn();
  const { client, end } = connection({
    call: (_endpoint, _input, signal) => new Promise(() => signal.addEventListener('abort', aborted)),
  });
  const call = client.call('slow', null);
  await delay(1);
  client.disconnect();
  end();
  await expect(call).rejects.toThrow('lost');
  expect(aborted).toHaveBeenCalledOnce();
  await expect(client.call('any', null)).rejects.toThrow('not connected');
});

test('events come in batches and in order', async () => {
  const log = new EventLog<number>('a');
  const { client } = connection({ channel: () => log as EventLog<unknown> });
  const receive = vi.fn();
  client.listen('numbers', receive);
  await delay(1);
  for (let i = 1; i <= 50; i++) log.append(i);
  await vi.waitFor(() => expect(receive).toHaveBeenCalled(), 30_000);
  expect(receive.mock.calls.flatMap(([events]) => events as number[])).toEqual(
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  expect(receive.mock.calls.length).toBeLessThan(5);
});

test('a listener that lost its connection goes on without loss and without repetition', async () => {
  const log = new EventLog<number>('a');
  const { client, open, end } = connection({ channel: () => log as EventLog<unknown> });
  const seen: number[] = [];
  const gaps: boolean[] = [];
  client.listen('numbers', (events, gap) => {
    seen.push(...(events as number[]));
    gaps.push(gap);
  });
  await delay(1);
  log.append(1);
  await vi.waitFor(() => expect(seen).toEqual([1]), 30_000);
  client.disconnect();
  end();
  log.append(2);
  log.append(3);
  open();
  log.append(4);
  await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 4]), 30_000);
  expect(gaps).not.toContain(true);
});

test('events that are no longer kept, or of a studio started anew, leave a gap that is told', async () => {
  const logs = [new EventLog<number>('a', 2)];
  const { client, open, end } = connection({ channel: () => logs[0] as EventLog<unknown> });
  const gaps: boolean[] = [];
  client.listen('numbers', (_events, gap) => gaps.push(gap));
  await delay(1);
  client.disconnect();
  end();
  for (let i = 0; i < 10; i++) logs[0].append(i);
  const endSecond = open();
  await vi.waitFor(() => expect(gaps).toEqual([true]), 30_000);
  client.disconnect();
  endSecond();
  logs[0] = new EventLog('b');
  open();
  await vi.waitFor(() => expect(gaps).toEqual([true, true]), 30_000);
});

test('a disposed listen is sent nothing more', async () => {
  const log = new EventLog<number>('a');
  const { client } = connection({ channel: () => log as EventLog<unknown> });
  const receive = vi.fn();
  const dispose = client.listen('numbers', receive);
  await delay(1);
  dispose();
  await delay(1);
  log.append(1);
  await delay(150);
  expect(receive).not.toHaveBeenCalled();
});

test('a message that no client would send changes nothing', async () => {
  const call = vi.fn(async () => 1);
  const [page, studio] = memoryPorts();
  serve(studio, { call, channel: () => undefined });
  for (const message of [
    null,
    7,
    {},
    { kind: 'call' },
    { kind: 'call', id: -1, endpoint: 'x' },
    { kind: 'other', id: 1 },
  ])
    page.send(message);
  const client = new Client();
  client.connect(page);
  await expect(client.call('x', null)).resolves.toBe(1);
  expect(call).toHaveBeenCalledOnce();
});

test.each(['memory', 'MessagePort'])('a page may send its reactive proxies over a %s port', async (kind) => {
  const { port1, port2 } = new MessageChannel();
  const [page, studio] = kind === 'memory' ? memoryPorts() : [messagePort(port1), messagePort(port2)];
  serve(studio, { call: async (_endpoint, input) => input, channel: () => undefined });
  const client = new Client();
  client.connect(page);
  const proxy = new Proxy({ seed: 1, name: undefined }, {});
  await expect(client.call('begin-run', proxy)).resolves.toStrictEqual({ seed: 1 });
  port1.close();
});

test('a listen that is said twice is one, and ends with its connection', async () => {
  const log = new EventLog<number>('a');
  const [page, studio] = memoryPorts();
  const onAppend = vi.spyOn(log, 'onAppend');
  const end = serve(studio, { call: async () => null, channel: () => log as EventLog<unknown> });
  const sent: { events?: unknown[] }[] = [];
  page.receive((message) => sent.push(message as { events: unknown[] }));
  for (let i = 0; i < 2; i++) page.send({ kind: 'listen', id: 0, channel: 'numbers', after: null });
  await vi.waitFor(() => expect(onAppend).toHaveBeenCalledTimes(2), 30_000);
  log.append(1);
  await vi.waitFor(() => expect(sent.flatMap(({ events }) => events)).toEqual([1]), 30_000);
  end();
  log.append(2);
  await delay(150);
  expect(sent.flatMap(({ events }) => events)).toEqual([1]);
});

test('a MessagePort carries the same', async () => {
  const { port1, port2 } = new MessageChannel();
  const end = serve(messagePort(port2), { call: async (endpoint) => endpoint, channel: () => undefined });
  const client = new Client();
  client.connect(messagePort(port1));
  await expect(client.call('hello', null)).resolves.toBe('hello');
  port1.postMessage('no JSON');
  await expect(client.call('still there', null)).resolves.toBe('still there');
  end();
  port1.close();
});
