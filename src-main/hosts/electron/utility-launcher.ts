/** Starts the engine as Electron's utility process: the launcher of the desktop app. Chromium ends such a process with its host. */
import type { UtilityProcess } from 'electron';
import type { EngineEvent } from '../../contract/engine.ts';
import type { EngineLauncher } from '../../runs/engine-launcher.ts';
import { lastLines } from '../../runs/last-lines.ts';

/** What the launcher needs of Electron's `utilityProcess`. */
export interface UtilityProcesses {
  fork(
    entry: string,
    args: string[],
    options: { serviceName: string; stdio: 'pipe' },
  ): Pick<UtilityProcess, 'postMessage' | 'kill' | 'stdout' | 'stderr'> & {
    on(event: 'message', listener: (message: unknown) => void): unknown;
    on(event: 'exit', listener: (code: number) => void): unknown;
    on(event: 'error', listener: (type: string, location: string) => void): unknown;
  };
}

/** @param entry path of the built engine entry; it gets commands and answers through `process.parentPort` */
export function createUtilityLauncher(utilityProcesses: UtilityProcesses, entry: string): EngineLauncher {
  return (onEvent, onExit) => {
    const child = utilityProcesses.fork(entry, [], { serviceName: 'GRPO Studio engine', stdio: 'pipe' });
    const output = lastLines([child.stdout, child.stderr]);
    let finished = false;
    let ended = false;
    child.on('message', (message) => {
      const event = message as EngineEvent;
      onEvent(event);
      // A message may be lost when its sender exits at once, so it is the host that ends a process whose work is done.
      if (event.type === 'finished' || event.type === 'failed') {
        finished = true;
        child.kill();
      }
    });
    // V8 gives up, out of memory for one; unheard, the event would be thrown here. The exit follows.
    child.on('error', (type, location) => output.push(`${type} in ${location}`));
    child.on('exit', (code) => {
      ended = true;
      onExit({ code: finished ? 0 : code, signal: null, output });
    });
    return {
      send: (command) => {
        if (!ended) child.postMessage(command);
      },
      kill: () => void child.kill(),
    };
  };
}
