/** How this page reaches its studio: through Electron's preload script, or over a WebSocket to the headless host that served it. */
import { Client } from '../../src-main/rpc/client.ts';
import { messagePort } from '../../src-main/rpc/message-port.ts';
import { BEAT_INTERVAL, BEATS_TO_MISS, webSocketPort } from '../../src-main/rpc/web-socket-port.ts';

/** What the desktop app's preload script puts on the window. */
export interface StudioHost {
  /** Asks for a message port, which arrives as a message of this window. */
  connect(): void;
  /** Absolute path of a file that was dropped or chosen. */
  pathOf(file: File): string;
  /** Opens the system's dialog; null when nothing was chosen. */
  chooseFolder(): Promise<string | null>;
}

declare global {
  interface Window {
    /** Absent in a browser. */
    studioHost?: StudioHost;
  }
}

/** `refused`: the studio that is there now does not know this browser, since it was started anew. */
export type Connection = 'connecting' | 'connected' | 'lost' | 'refused';

const portChannel = 'studio:port'; // as in hosts/electron/connect-pages.ts

/** Milliseconds before a lost connection is tried again, longer each time. */
const RETRY_DELAYS = [250, 500, 1000, 2000, 5000];

/** @param report is told of every change of the connection */
export function connectToHost(report: (connection: Connection) => void): Client {
  const client = new Client();
  report('connecting');
  if (window.studioHost === undefined) overWebSocket(client, report, 0);
  else overMessagePort(client, window.studioHost, report);
  return client;
}

function overMessagePort(client: Client, host: StudioHost, report: (connection: Connection) => void): void {
  window.addEventListener('message', (event) => {
    if (event.source !== window || event.data !== portChannel) return;
    client.connect(messagePort(event.ports[0]));
    report('connected');
  });
  host.connect();
}

function overWebSocket(client: Client, report: (connection: Connection) => void, attempt: number): void {
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/rpc`);
  let opened = false;
  let lost = false;
  let silence: ReturnType<typeof setTimeout> | undefined;

  /** A connection that has died without a word is not waited for: closing it would take as long. */
  async function lose(): Promise<void> {
    if (lost) return;
    lost = true;
    clearTimeout(silence);
    socket.close();
    client.disconnect();
    report(!opened && (await isRefused()) ? 'refused' : 'lost');
    const next = opened ? 0 : attempt + 1;
    setTimeout(() => overWebSocket(client, report, next), RETRY_DELAYS[Math.min(next, RETRY_DELAYS.length - 1)]);
  }

  function hear(): void {
    clearTimeout(silence);
    silence = setTimeout(() => void lose(), BEATS_TO_MISS * BEAT_INTERVAL);
  }

  hear();
  socket.addEventListener('message', hear);
  socket.addEventListener('open', () => {
    if (lost) return;
    opened = true;
    client.connect(webSocketPort(socket));
    report('connected');
  });
  socket.addEventListener('close', () => void lose());
}

/** A page cannot see why its WebSocket was refused, but why the page would be. */
async function isRefused(): Promise<boolean> {
  const answer = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(5000) }).catch(() => null);
  return answer?.status === 401;
}

/** The path under which the studio can read a file of this page's: its own in the desktop app, that of a copy at the headless host. */
export async function pathForStudio(file: File): Promise<string> {
  if (window.studioHost !== undefined) return window.studioHost.pathOf(file);
  const response = await fetch(`/files?name=${encodeURIComponent(file.name)}`, { method: 'POST', body: file });
  if (!response.ok) throw new Error(`${file.name} could not be sent to the studio: ${await response.text()}`);
  return ((await response.json()) as { path: string }).path;
}
