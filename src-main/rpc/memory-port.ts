/** Two ports joined in memory. Messages arrive later, as they do over a real one. */
import { Mailbox } from './mailbox.ts';
import type { Port } from './port.ts';

export function memoryPorts(): [Port, Port] {
  const mailboxes = [new Mailbox(), new Mailbox()];
  const port = (own: Mailbox, other: Mailbox): Port => ({
    send: (message) => {
      const text = JSON.stringify(message);
      queueMicrotask(() => other.deliver(text));
    },
    receive: (receiver) => own.receive(receiver),
  });
  return [port(mailboxes[0], mailboxes[1]), port(mailboxes[1], mailboxes[0])];
}
