/**
 * Ctrl-C in two steps: the first asks for an orderly end, the second ends at once. A terminal that is closed, or an SSH connection that is lost,
 * asks for an orderly end as well; it may do so several times.
 */

/** What asks this process to end. */
export const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface InterruptHandlers {
  /** The first Ctrl-C (or SIGTERM, or SIGHUP). */
  first(): void;
  /** Every later one but SIGHUP. */
  again(): void;
}

/** Listens until the returned function is called. */
export function onInterrupt(handlers: InterruptHandlers): () => void {
  let asked = false;
  const listener = (signal: NodeJS.Signals) => {
    if (asked && signal !== 'SIGHUP') handlers.again();
    if (!asked) handlers.first();
    asked = true;
  };
  for (const signal of endSignals) process.on(signal, listener);
  return () => {
    for (const signal of endSignals) process.off(signal, listener);
  };
}

/**
 * A reader that has gone, as `tee` after a Ctrl-C or `head` when it has seen enough, asks for what a closed terminal does. What does not
 * listen goes on to its end. Either leaves its own exit code.
 */
export function endUnheard(): void {
  const listener = (error: NodeJS.ErrnoException) => {
    // Behind a Ctrl-C that has ended the reader as well, and waits to be heard.
    if (error.code === 'EPIPE') setImmediate(() => process.emit('SIGHUP', 'SIGHUP'));
    else if (error.code !== 'EIO') throw error; // EIO: the terminal is closed, which has sent its own signal
  };
  for (const stream of [process.stdout, process.stderr]) stream.on('error', listener);
}
