/** The studio's end of a connection: checks every message, answers calls and sends batches of events. */
import { toErrorRecord } from '../contract/errors.ts';
import type { EventLog } from './event-log.ts';
import { clientMessageSchema, type ClientMessage, type ServerMessage } from './messages.ts';
import type { Port } from './port.ts';

/** Milliseconds between two batches of events: about ten a second. */
const BATCH_INTERVAL = 100;

export interface Service {
  /**
   * @param signal aborted when the caller gives the call up or its connection ends
   * @throws StudioError for a mistake a person can mend; anything else is answered with the code `io_failed`
   */
  call(endpoint: string, input: unknown, signal: AbortSignal): Promise<unknown>;
  /** undefined: there is no such channel */
  channel(name: string): EventLog<unknown> | undefined;
}

/** Serves one connection. @returns ends it: calls under way are aborted, listeners dropped */
export function serve(port: Port, service: Service): () => void {
  const calls = new Map<number, AbortController>();
  const listens = new Map<number, () => void>();
  const send = (message: ServerMessage) => port.send(message);

  async function call({ id, endpoint, input }: Extract<ClientMessage, { kind: 'call' }>): Promise<void> {
    const controller = new AbortController();
    calls.set(id, controller);
    try {
      const value = await service.call(endpoint, input, controller.signal);
      send({ kind: 'reply', id, reply: { ok: true, value } });
    } catch (error) {
      send({ kind: 'reply', id, reply: { ok: false, error: toErrorRecord(error, 'io_failed') } });
    } finally {
      calls.delete(id);
    }
  }

  function listen({ id, channel, after }: Extract<ClientMessage, { kind: 'listen' }>): void {
    const log = service.channel(channel);
    if (log === undefined) {
      const error = { code: 'io_failed', message: `The studio has no channel ${JSON.stringify(channel)}.` } as const;
      send({ kind: 'reply', id, reply: { ok: false, error } });
      return;
    }
    const known = after !== null && after.log === log.id;
    let number = known ? after.number : log.last;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (gapBefore: boolean) => {
      timer = undefined;
      const { events, gap } = log.after(number);
      number = log.last;
      send({ kind: 'events', id, log: log.id, number, gap: gap || gapBefore, events });
    };
    listens.get(id)?.(); // a client that says it twice has one listen all the same
    flush(after !== null && !known);
    const stop = log.onAppend(() => (timer ??= setTimeout(flush, BATCH_INTERVAL, false)));
    listens.set(id, () => {
      stop();
      clearTimeout(timer);
    });
  }

  port.receive((message) => {
    const parsed = clientMessageSchema.safeParse(message);
    if (!parsed.success) return; // not from a studio's page: there is nobody to answer
    switch (parsed.data.kind) {
      case 'call':
        void call(parsed.data);
        break;
      case 'cancel':
        calls.get(parsed.data.id)?.abort();
        break;
      case 'listen':
        listen(parsed.data);
        break;
      case 'dispose':
        listens.get(parsed.data.id)?.();
        listens.delete(parsed.data.id);
    }
  });

  return () => {
    for (const controller of calls.values()) controller.abort();
    for (const stop of listens.values()) stop();
    listens.clear();
  };
}
