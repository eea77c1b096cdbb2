import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { Client } from '../../rpc/client.ts';
import { BEAT_INTERVAL, BEATS_TO_MISS, webSocketPort } from '../../rpc/web-socket-port.ts';
import { startHeadlessHost, type HeadlessHost } from './server.ts';

let folder: string;
let links: string[];
let host: HeadlessHost;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headless-'));
  mkdirSync(join(folder, 'page'));
  writeFileSync(join(folder, 'page/index.html'), '<!doctype html>');
  links = [];
  host = await startHeadlessHost({
    service: { call: async (endpoint) => `called ${endpoint}`, channel: () => undefined },
    pageDirectory: join(folder, 'page'),
    uploadDirectory: join(folder, 'uploads'),
    port: 0,
    announce: (link) => links.push(link),
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await host.close();
  rmSync(folder, { recursive: true });
});

async function enter(): Promise<string> {
  const response = await fetch(links.at(-1) as string, { redirect: 'manual' });
  expect(response.status).toBe(303);
  return (response.headers.get('set-cookie') as string).split(';')[0];
}

test('a link lets one browser in, once; then there is another link', async () => {
  const cookie = await enter();
  expect((await fetch(links[0], { redirect: 'manual' })).status).toBe(401);
  expect(links).toHaveLength(2);
  const page = await fetch(host.origin, { headers: { cookie } });
  expect(await page.text()).toBe('<!doctype html>');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await fetch(links[1], { redirect: 'manual' })).status).toBe(303);
});

test('without the cookie, or with a wrong one, there is nothing to see', async () => {
  expect((await fetch(host.origin)).status).toBe(401);
  const wrong = `grpo-studio-${new URL(host.origin).port}=wrong`;
  expect((await fetch(host.origin, { headers: { cookie: wrong } })).status).toBe(401);
  expect((await fetch(`${host.origin}/?token=wrong`)).status).toBe(401);
});

/** Asks with headers that `fetch` does not let anyone set. */
function ask(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve) => request(host.origin, { path, headers }, resolve).end());
}

test('another name for this address is refused, cookie or not', async () => {
  const cookie = await enter();
  expect((await ask('/', { cookie, host: 'evil.example' })).statusCode).toBe(403);
  expect((await ask('/', { cookie, host: '127.0.0.1.evil.example' })).statusCode).toBe(403);
});

test('a tunnel may end at another port, whose cookie is its own', async () => {
  const far = 'localhost:9000';
  const cookie = (await ask(links[0].slice(host.origin.length), { host: far })).headers['set-cookie']?.[0].split(
    ';',
  )[0];
  expect(cookie).toMatch(/^grpo-studio-9000=/);
  expect((await ask('/', { cookie: cookie as string, host: far })).statusCode).toBe(200);
  const socket = await open({ cookie: cookie as string, host: far, origin: `http://${far}` });
  socket.close();
  await expect(open({ cookie: cookie as string, host: far, origin: 'http://localhost:3000' })).rejects.toThrow('403');
});

test.each(['//', 'http://[', '/index.html/x.js', `/${'a'.repeat(5000)}.js`])(
  'there is no page at %.20s',
  async (path) => {
    expect((await ask(path, { cookie: await enter() })).statusCode).toBe(404);
  },
);

test('a refused upgrade whose sender is gone does no harm', async () => {
  const lines = [
    'GET /rpc HTTP/1.1',
    `Host: ${new URL(host.origin).host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
  ];
  const unhandled = vi.fn();
  process.on('uncaughtException', unhandled);
  for (let i = 0; i < 20; i++) {
    const socket = connect(Number(new URL(host.origin).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`${lines.join('\r\n')}\r\n\r\n${'x'.repeat(10_000)}`, () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  expect((await fetch(host.origin)).status).toBe(401);
  process.off('uncaughtException', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test('a page that shows no sign of life is let go, another stays', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const headers = { cookie: await enter(), origin: host.origin };
  const silent = await open(headers, { autoPong: false });
  const living = await open(headers);
  const silentClosed = once(silent, 'close');
  for (let beat = 0; beat <= BEATS_TO_MISS; beat++) {
    const beaten = beat < BEATS_TO_MISS ? once(living, 'message') : silentClosed;
    vi.advanceTimersByTime(BEAT_INTERVAL);
    await beaten;
    await ask('/', {}); // by then the pong of the living one has arrived
  }
  expect(living.readyState).toBe(WebSocket.OPEN);
  living.close();
});

function open(headers: Record<string, string>, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(`${host.origin.replace('http', 'ws')}/rpc`, { headers, ...options });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket));
    socket.on('error', reject);
  });
}

test('the page reaches the studio over a WebSocket', async () => {
  const socket = await open({ cookie: await enter(), origin: host.origin });
  const client = new Client();
  client.connect(webSocketPort(socket));
  await expect(client.call('list-runs', null)).resolves.toBe('called list-runs');
  socket.close();
});

test('a WebSocket of another site, or without the cookie, is refused', async () => {
  const cookie = await enter();
  await expect(open({ cookie, origin: 'https://evil.example' })).rejects.toThrow('403');
  await expect(open({ cookie })).rejects.toThrow('403');
  await expect(open({ origin: host.origin })).rejects.toThrow('403');
});

test('a file the page sends is kept under its own name, whatever that is', async () => {
  const headers = { cookie: await enter(), origin: host.origin };
  const send = async (name: string) => {
    const response = await fetch(`${host.origin}/files?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers,
      body: 'one\n',
    });
    return ((await response.json()) as { path: string }).path;
  };
  const path = await send('train data.jsonl');
  expect(path.startsWith(join(folder, 'uploads'))).toBe(true);
  expect(path.endsWith('/train data.jsonl')).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('one\n');
  for (const name of ['../../escape.txt', '..', '', 'a\0b', 'C:\\x\\y.csv', `${'é'.repeat(400)}.csv`]) {
    const kept = await send(name);
    expect(kept.startsWith(join(folder, 'uploads'))).toBe(true);
    expect(existsSync(kept)).toBe(true);
  }
  const foreign = await fetch(`${host.origin}/files?name=x`, {
    method: 'POST',
    headers: { ...headers, origin: 'https://evil.example' },
    body: 'x',
  });
  expect(foreign.status).toBe(403);
});
