/** What carries messages between a page and its studio: an in-memory pair, a MessagePort or a WebSocket. */
export interface Port {
  send(message: unknown): void;
  /** One receiver; messages that arrive before it is set are kept for it. */
  receive(receiver: (message: unknown) => void): void;
}
