/** The engine's process, which also measures how long its loop waits for what it reports to be handed over; goes into the steps' metrics. */
import type { EngineEvent } from '../../src-main/contract/engine.ts';

type Send = (message: unknown, handle: undefined, options: undefined, done: (error: Error | null) => void) => boolean;

const target = process as unknown as { send: Send };
const send = target.send.bind(process);
let sending = 0;
let stepBegan = performance.now();

target.send = (message, handle, options, done) => {
  const began = performance.now();
  const event = message as EngineEvent;
  if (event.type === 'step') {
    // Seconds since the step before was handed over; the handing over of this one counts for the next.
    Object.assign(event.record.metrics, { 'bench/step': (began - stepBegan) / 1000, 'bench/sending': sending / 1000 });
    stepBegan = began;
    sending = 0;
  }
  return send(message, handle, options, (error) => {
    sending += performance.now() - began;
    done(error);
  });
};

await import('../../src-main/engine/entry.ts');
