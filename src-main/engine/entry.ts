/** The engine process: takes commands from its host, trains or lets policies be tried, and sends events; a host that dies takes it along. */
import type { EngineCommand, EngineEvent } from '../contract/engine.ts';
import { toErrorRecord } from '../contract/errors.ts';
import type { TrialCommand, TrialEvent } from '../contract/playground.ts';
import { CommandQueue } from './command-queue.ts';
import { trainingLoop } from './loop.ts';
import type { StartCommand } from './open-run.ts';
import { Trials } from './trial.ts';
import { selectBackend } from './tensor/backend.ts';

type Command = EngineCommand | TrialCommand;

/** The side of an Electron utility process's port that is used here. */
interface ParentPort {
  postMessage(message: EngineEvent | TrialEvent): void;
  on(event: 'message', listener: (event: { data: Command }) => void): void;
}

const commands = new CommandQueue();
const trials = new Trials((event) => void send(event));
const parentPort = (process as unknown as { parentPort?: ParentPort }).parentPort;

/** Resolves when the message has been handed over, so that a slow host slows the engine instead of filling its memory. */
function send(event: EngineEvent | TrialEvent): Promise<void> {
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

async function tellBackends(): Promise<void> {
  try {
    await send({ type: 'backends', report: await selectBackend('auto') });
  } catch (error) {
    await send({ type: 'failed', step: 0, error: toErrorRecord(error, 'backend_unavailable') });
  }
}

function receive(command: Command): void {
  if (command.type === 'start') void runTraining(command);
  else if (command.type === 'sample' || command.type === 'cancel') trials.receive(command);
  else if (command.type === 'probe') void tellBackends();
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
