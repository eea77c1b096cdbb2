/**
 * A port over a MessagePort: the page's own, or Electron's MessagePortMain. Messages go as JSON texts here too: a structured clone refuses
 * the page's reactive proxies, and keeps values that no other port carries.
 */
import { Mailbox } from './mailbox.ts';
import type { Port } from './port.ts';

/** What the two kinds of MessagePort have in common: the page's and Node's have `addEventListener`, Electron's has `on`. */
export type AnyMessagePort = { postMessage(message: unknown): void; start(): void } & (
  | { addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void }
  | { on(type: 'message', listener: (event: { data: unknown }) => void): unknown }
);

export function messagePort(port: AnyMessagePort): Port {
  const mailbox = new Mailbox();
  const deliver = (event: { data: unknown }) => mailbox.deliver(event.data);
  if ('addEventListener' in port) port.addEventListener('message', deliver);
  else port.on('message', deliver);
  port.start();
  return {
    send: (message) => port.postMessage(JSON.stringify(message)),
    receive: (receiver) => mailbox.receive(receiver),
  };
}
