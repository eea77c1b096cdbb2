/** The page's end of a connection. It outlives its ports: when one is lost, listens go on over the next from where they were. */
import type { ErrorRecord } from '../contract/errors.ts';
import type { ClientMessage, ServerMessage } from './messages.ts';
import type { Port } from './port.ts';

/** A call that the studio answered with an error. */
export class CallError extends Error {
  readonly record: ErrorRecord;

  constructor(record: ErrorRecord) {
    super(record.message);
    this.name = 'CallError';
    this.record = record;
  }
}

/** A call that got no answer, since there is no connection. */
export class ConnectionError extends Error {}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

interface Listening {
  channel: string;
  seen: { log: string; number: number } | null;
  /** @param gap events before these are lost: read anew what was built from them */
  receive: (events: unknown[], gap: boolean) => void;
}

export class Client {
  readonly #calls = new Map<number, Waiting>();
  readonly #listens = new Map<number, Listening>();
  #port: Port | null = null;
  #nextId = 0;

  /** Takes a new port into use, in the place of one that was lost. */
  connect(port: Port): void {
    this.#port = port;
    port.receive((message) => {
      if (this.#port === port) this.#receive(message as ServerMessage);
    });
    for (const [id, { channel, seen }] of this.#listens) this.#send({ kind: 'listen', id, channel, after: seen });
  }

  /** The port is gone: calls that wait fail, since nobody knows whether they were carried out; listens wait for the next port. */
  disconnect(): void {
    this.#port = null;
    const waiting = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of waiting) reject(new ConnectionError('The connection to the studio was lost.'));
  }

  /** @throws CallError when the call failed in the studio, ConnectionError when the studio cannot be reached, the signal's reason when given up */
  call(endpoint: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
    if (this.#port === null) return Promise.reject(new ConnectionError('This page is not connected to a studio.'));
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      signal?.addEventListener(
        'abort',
        () => {
          if (!this.#calls.delete(id)) return;
          this.#send({ kind: 'cancel', id });
          reject(signal.reason as Error);
        },
        { once: true },
      );
      this.#send({ kind: 'call', id, endpoint, input });
    });
  }

  /** @returns ends the listening */
  listen(channel: string, receive: Listening['receive']): () => void {
    const id = this.#nextId++;
    this.#listens.set(id, { channel, seen: null, receive });
    this.#send({ kind: 'listen', id, channel, after: null });
    return () => {
      if (this.#listens.delete(id)) this.#send({ kind: 'dispose', id });
    };
  }

  #send(message: ClientMessage): void {
    this.#port?.send(message);
  }

  #receive(message: ServerMessage): void {
    if (message.kind === 'reply') {
      const waiting = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.reply.ok) waiting?.resolve(message.reply.value);
      else waiting?.reject(new CallError(message.reply.error));
      return;
    }
    const listening = this.#listens.get(message.id);
    if (listening === undefined) return;
    listening.seen = { log: message.log, number: message.number };
    if (message.events.length > 0 || message.gap) listening.receive(message.events, message.gap);
  }
}
