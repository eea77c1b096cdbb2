/** Starts the engine as a child process of Node: the launcher of the CLI and the headless host. */
import { fork } from 'node:child_process';
import type { EngineEvent } from '../contract/engine.ts';
import type { EngineLauncher } from './engine-launcher.ts';
import { lastLines } from './last-lines.ts';

/**
 * glibc keeps freed blocks of up to 32 MiB for later, in pieces that no longer fit: a quarter of an engine's memory. Below this limit
 * blocks go back to the system at once. Other systems ignore it.
 */
export const engineEnvironment = { MALLOC_MMAP_THRESHOLD_: String(256 * 2 ** 10) };

/**
 * @param entry path of the engine's entry module; it gets commands by `process.on('message')`, answers by `process.send`, and must
 *   exit when its IPC channel disconnects, because then its host has died
 * @param execArgv options for Node; the host's own (a debugger's port, say) are not passed on
 */
export function createForkLauncher({ entry, execArgv = [] }: { entry: string; execArgv?: string[] }): EngineLauncher {
  return (onEvent, onExit) => {
    const child = fork(entry, [], {
      serialization: 'advanced',
      // Output is kept for the report of a crash; it must not mix with what the CLI prints.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv,
      env: { ...process.env, ...engineEnvironment },
      // A process group of its own: Ctrl-C in the terminal reaches the host alone, which then asks the engine to stop.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const output = lastLines([child.stdout, child.stderr]);

    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);

    let ended = false;
    const end = (code: number | null, signal: string | null): void => {
      if (ended) return;
      ended = true;
      process.off('exit', kill);
      onExit({ code, signal, output });
    };
    child.on('message', (message) => onEvent(message as EngineEvent));
    // 'close', not 'exit': it comes after the last message and the last line of output.
    child.on('close', end);
    child.on('error', (error) => {
      output.push(error.message);
      if (child.pid === undefined) end(null, null); // it never started, so it never closes
    });
    return {
      // A failed send means that the process is gone or going; 'close' reports that.
      send: (command) => {
        if (child.connected) child.send(command, () => undefined);
      },
      kill,
    };
  };
}
