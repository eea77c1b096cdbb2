/**
 * The headless host: the studio's page and its connection over loopback HTTP, for a browser on this machine or behind an SSH tunnel.
 * Who may enter is decided by a link with a token that works once; it is exchanged for a cookie that lasts as long as the host.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { BEAT_INTERVAL, BEATS_TO_MISS, webSocketPort } from '../../rpc/web-socket-port.ts';
import { serve, type Service } from '../../rpc/server.ts';
import { readPageFile } from '../page-files.ts';
import { receiveUpload } from './uploads.ts';

export interface HeadlessOptions {
  service: Service;
  /** The folder electron-vite built the renderer into. */
  pageDirectory: string;
  /** Where files go that a page sends. */
  uploadDirectory: string;
  /** 0 takes a free one. */
  port: number;
  /** Called with each link in turn: the first at once, another after each use, for a further browser. */
  announce(link: string): void;
}

export interface HeadlessHost {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  close(): Promise<void>;
}

/** A page of another site that resolves to this address (DNS rebinding) has that site's name as its host. The port is a tunnel's to choose. */
const HOST = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/** @throws the error of `listen`, such as EADDRINUSE */
export async function startHeadlessHost(options: HeadlessOptions): Promise<HeadlessHost> {
  const session = randomToken();
  let invitation = randomToken();
  // A large dataset takes as long as it takes through a tunnel.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      refuse(response, 500, `The studio could not answer: ${(error as Error).message}`);
    });
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const invite = () => options.announce(`${origin}/?token=${invitation}`);

  const isOwnHost = (request: IncomingMessage) => HOST.test(request.headers.host ?? '');
  const hasSession = (request: IncomingMessage) => equal(cookieOf(request), session);
  const isOwnOrigin = ({ headers }: IncomingMessage) => headers.origin === `http://${headers.host}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOwnHost(request)) return refuse(response, 403, 'This studio answers to 127.0.0.1 and localhost only.');
    const url = URL.parse(request.url ?? '/', origin);
    if (url === null) return refuse(response, 404, 'There is no such page.');
    const token = url.searchParams.get('token');
    if (request.method === 'GET' && token !== null && equal(token, invitation)) {
      invitation = randomToken();
      response
        .writeHead(303, {
          location: '/',
          // Lax, not Strict, which a browser would withhold after a link in another site's page, such as a terminal in the browser.
          'set-cookie': `${cookieName(request)}=${session}; HttpOnly; SameSite=Lax; Path=/`,
          'cache-control': 'no-store',
        })
        .end();
      return invite();
    }
    if (!hasSession(request)) {
      return refuse(
        response,
        401,
        'Open the studio with the newest link in the terminal where it runs; each works once.',
      );
    }
    if (request.method === 'POST' && url.pathname === '/files') {
      if (!isOwnOrigin(request)) return refuse(response, 403, 'Files are taken from the studio’s own page only.');
      const path = await receiveUpload(request, options.uploadDirectory, url.searchParams.get('name') ?? '');
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ path }));
      return;
    }
    const file = request.method === 'GET' ? await readPageFile(options.pageDirectory, url.pathname) : null;
    if (file === null) return refuse(response, 404, 'There is no such page.');
    response.writeHead(200, { ...file.headers, 'cache-control': 'no-cache' }).end(file.body);
  }

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy()); // whoever asked is gone; unheard, it would end the studio
    if (!isOwnHost(request) || !isOwnOrigin(request) || !hasSession(request) || request.url !== '/rpc') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n', () => socket.destroy());
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const end = serve(webSocketPort(webSocket), options.service);
      webSocket.on('close', end);
      webSocket.on('error', () => webSocket.terminate());
      keepAlive(webSocket);
    });
  });

  invite();
  return {
    origin,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Signs of life both ways; a page that shows none is gone without a word, as when its computer sleeps or its tunnel has died. */
function keepAlive(webSocket: WebSocket): void {
  let missed = 0;
  webSocket.on('pong', () => (missed = 0));
  const beat = setInterval(() => {
    if (missed++ === BEATS_TO_MISS) return webSocket.terminate();
    webSocket.ping();
    webSocket.send(''); // the page is not shown pings
  }, BEAT_INTERVAL);
  webSocket.on('close', () => clearInterval(beat));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(`${sentence}\n`);
}

function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

function equal(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Cookies are shared by all ports of a host: each port has a name of its own, so that several studios can be open in one browser. */
function cookieName(request: IncomingMessage): string {
  return `grpo-studio-${HOST.exec(request.headers.host ?? '')?.[2]?.slice(1) ?? '80'}`;
}

function cookieOf(request: IncomingMessage): string {
  const wanted = cookieName(request);
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return pairs.find(([name]) => name === wanted)?.[1] ?? '';
}
