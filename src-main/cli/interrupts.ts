/** Ctrl-C in two steps: the first asks for an orderly end, the second ends at once. */

export interface InterruptHandlers {
  /** The first Ctrl-C (or SIGTERM). */
  first(): void;
  /** Every later one. */
  again(): void;
}

/** Listens until the returned function is called. */
export function onInterrupt(handlers: InterruptHandlers): () => void {
  let count = 0;
  const listener = () => (count++ === 0 ? handlers.first() : handlers.again());
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
