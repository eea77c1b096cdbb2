/** How this page reaches its studio: through Electron's preload script, or over a WebSocket to the headless host that served it. */
import { Client } from '../../src-main/rpc/client.ts';
import { messagePort } from '../../src-main/rpc/message-port.ts';
import { webSocketPort } from '../../src-main/rpc/web-socket-port.ts';

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

export type Connection = 'connecting' | 'connected' | 'lost';

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
  socket.addEventListener('open', () => {
    opened = true;
    client.connect(webSocketPort(socket));
    report('connected');
  });
  socket.addEventListener('close', () => {
    client.disconnect();
    report('lost');
    const next = opened ? 0 : attempt + 1;
    setTimeout(() => overWebSocket(client, report, next), RETRY_DELAYS[Math.min(next, RETRY_DELAYS.length - 1)]);
  });
}

/** The path under which the studio can read a file of this page's: its own in the desktop app, that of a copy at the headless host. */
export async function pathForStudio(file: File): Promise<string> {
  if (window.studioHost !== undefined) return window.studioHost.pathOf(file);
  const response = await fetch(`/files?name=${encodeURIComponent(file.name)}`, { method: 'POST', body: file });
  if (!response.ok) throw new Error(`${file.name} could not be sent to the studio: ${await response.text()}`);
  return ((await response.json()) as { path: string }).path;
}
