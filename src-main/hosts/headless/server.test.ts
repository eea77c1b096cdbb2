import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Client } from '../../rpc/client.ts';
import { webSocketPort } from '../../rpc/web-socket-port.ts';
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
  expect((await fetch(host.origin, { headers: { cookie: 'grpo-studio=wrong' } })).status).toBe(401);
  expect((await fetch(`${host.origin}/?token=wrong`)).status).toBe(401);
});

test('another name for this address is refused, cookie or not', async () => {
  const cookie = await enter();
  const status = await new Promise((resolve) => {
    request(host.origin, { headers: { cookie, host: 'evil.example' } }, (response) =>
      resolve(response.statusCode),
    ).end();
  });
  expect(status).toBe(403);
});

function open(headers: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(`${host.origin.replace('http', 'ws')}/rpc`, { headers });
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
  for (const name of ['../../escape.txt', '..', '', 'a\0b', 'C:\\x\\y.csv']) {
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

test('one who asks for a connection and is gone before the answer does not end the studio', async () => {
  const asking = connect(Number(new URL(host.origin).port), '127.0.0.1');
  const gone = new Promise((resolve) => asking.on('close', resolve));
  await new Promise<void>((resolve) => asking.on('connect', resolve));
  asking.write(
    `GET /rpc HTTP/1.1\r\nHost: ${new URL(host.origin).host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  asking.resetAndDestroy();
  await gone;
  expect((await fetch(host.origin)).status).toBe(401);
});
