/** The engine process: takes commands from its host, runs the training loop and sends events; a host that dies takes it along. */
import type { EngineCommand, EngineEvent } from '../contract/engine.ts';
import { toErrorRecord } from '../contract/errors.ts';
import { CommandQueue } from './command-queue.ts';
import { trainingLoop, type StartCommand } from './loop.ts';

/** The side of an Electron utility process's port that is used here. */
interface ParentPort {
  postMessage(message: EngineEvent): void;
  on(event: 'message', listener: (event: { data: EngineCommand }) => void): void;
}

const commands = new CommandQueue();
const parentPort = (process as unknown as { parentPort?: ParentPort }).parentPort;

/** Resolves when the message has been handed over, so that a slow host slows the engine instead of filling its memory. */
function send(event: EngineEvent): Promise<void> {
  if (parentPort !== undefined) {
    parentPort.postMessage(event);
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    process.send?.(event, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}

async function runTraining(start: StartCommand): Promise<void> {
  let step = 0;
  try {
    for await (const event of trainingLoop(start, commands)) {
      if (event.type === 'step') step = event.record.step;
      await send(event);
    }
  } catch (error) {
    // The stack goes to the host's log of this process; the event carries the sentence for the user.
    if (error instanceof Error) console.error(error.stack);
    await send({ type: 'failed', step, error: toErrorRecord(error, 'engine_crashed') });
  }
  // Under Electron the host ends the process once it has the last event.
  if (parentPort === undefined) process.exit(0);
}

function receive(command: EngineCommand): void {
  if (command.type === 'start') void runTraining(command);
  else commands.push(command);
}

if (parentPort !== undefined) {
  parentPort.on('message', ({ data }) => receive(data));
} else {
  process.on('message', receive);
  process.on('disconnect', () => process.exit(1));
  // Ctrl-C is the host's to handle; it then asks for a stop. On Windows the engine would get the signal too.
  process.on('SIGINT', () => undefined);
}
