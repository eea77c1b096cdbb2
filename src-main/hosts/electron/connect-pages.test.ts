import type { MessagePort } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { Client } from '../../rpc/client.ts';
import { messagePort } from '../../rpc/message-port.ts';
import { answerFolderChoice, connectPages } from './connect-pages.ts';

const top = { url: 'studio://app/', parent: null };

/** Connects a page in this frame as Electron would, and gives back the port it was sent. */
function ask(frame: { url: string; parent: unknown } | null): MessagePort | undefined {
  const on = vi.fn();
  const channel = () => new MessageChannel() as never;
  const service = { call: async (endpoint: string) => `called ${endpoint}`, channel: () => undefined };
  connectPages({ on }, channel, service, 'studio://app');
  const [name, listener] = on.mock.calls[0] as [string, (event: unknown) => void];
  expect(name).toBe('studio:port');
  const postMessage = vi.fn();
  listener({ senderFrame: frame && { ...frame, postMessage } });
  const sent = postMessage.mock.calls[0] as [string, null, MessagePort[]] | undefined;
  return sent?.[2][0];
}

test("the studio's page is sent a port that reaches the studio", async () => {
  const port = ask(top) as MessagePort;
  const client = new Client();
  client.connect(messagePort(port));
  await expect(client.call('list-runs', null)).resolves.toBe('called list-runs');
  port.close();
});

test.each([
  ['another origin', { url: 'https://example.com/', parent: null }],
  ['a host that only begins alike', { url: 'studio://app.example/', parent: null }],
  ['a frame inside the page', { url: 'studio://app/', parent: top }],
  ['a frame that is gone', null],
])('%s is sent nothing', (_who, frame) => {
  expect(ask(frame)).toBeUndefined();
});

test('the page is told the folder that was chosen, another page nothing', async () => {
  const handle = vi.fn();
  const showOpenDialog = vi.fn(async () => ({ canceled: false, filePaths: ['/models/smollm2'] }));
  answerFolderChoice({ handle }, { showOpenDialog } as never, 'studio://app');
  const choose = handle.mock.calls[0][1] as (event: unknown) => Promise<string | null>;
  await expect(choose({ senderFrame: top })).resolves.toBe('/models/smollm2');
  showOpenDialog.mockResolvedValueOnce({ canceled: true, filePaths: [] });
  await expect(choose({ senderFrame: top })).resolves.toBeNull();
  await expect(choose({ senderFrame: { url: 'https://example.com/', parent: null } })).rejects.toThrow('may not');
  expect(showOpenDialog).toHaveBeenCalledTimes(2);
});
