/** A port over an open WebSocket, the browser's or that of the `ws` package: one JSON text per message. */
import { Mailbox } from './mailbox.ts';
import type { Port } from './port.ts';

export interface AnyWebSocket {
  send(text: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  readonly readyState: number;
}

const OPEN = 1;

/** Milliseconds between two signs of life from the headless host: empty messages, which carry nothing. */
export const BEAT_INTERVAL = 15_000;

/** After so many of them without a sign of life, either side takes the connection for lost. */
export const BEATS_TO_MISS = 4;

/** What is sent once the socket has closed is dropped. */
export function webSocketPort(socket: AnyWebSocket): Port {
  const mailbox = new Mailbox();
  socket.addEventListener('message', ({ data }) => mailbox.deliver(data));
  return {
    send: (message) => {
      if (socket.readyState === OPEN) socket.send(JSON.stringify(message));
    },
    receive: (receiver) => mailbox.receive(receiver),
  };
}
