/**
 * The messages of a connection. A client sends four kinds: call, cancel, listen, dispose; a server answers with replies and with
 * batches of numbered events. Everything in them survives JSON, so that every port carries the same.
 */
import { z } from 'zod';
import type { ErrorRecord } from '../contract/errors.ts';

const id = z.int().nonnegative(); // chosen by the client, unique within its connection

export const clientMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id, endpoint: z.string(), input: z.unknown() }),
  /** Gives up a call: it is answered all the same, with what it came to. */
  z.object({ kind: z.literal('cancel'), id }),
  z.object({
    kind: z.literal('listen'),
    id,
    channel: z.string(),
    /** The last event seen, to go on behind it; null starts with the next one. */
    after: z.object({ log: z.string(), number: z.int().nonnegative() }).nullable(),
  }),
  /** Ends a listen. */
  z.object({ kind: z.literal('dispose'), id }),
]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;

export type ServerMessage =
  | { kind: 'reply'; id: number; reply: Reply }
  | {
      kind: 'events';
      id: number;
      /** The log that numbers the events; a studio that was started anew has another one. */
      log: string;
      /** Number of the last of these events, or of the last before them when there are none. */
      number: number;
      /** Events between the last seen and these are gone: what was built from them has to be read anew. */
      gap: boolean;
      events: unknown[];
    };

/** Errors travel as values. */
export type Reply = { ok: true; value: unknown } | { ok: false; error: ErrorRecord };
