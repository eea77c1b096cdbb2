/** How the runs room starts an engine process without knowing what kind of process that is: a fork here, a utility process in Electron. */
import type { EngineCommand, EngineEvent } from '../contract/engine.ts';

/** How an engine process ended. */
export interface EngineExit {
  /** null when a signal ended it, or when it never started. */
  code: number | null;
  signal: string | null;
  /** The last lines it wrote to its output, or why it could not be started. */
  output: string[];
}

export interface EngineHandle<Command = EngineCommand> {
  /** Sends a command; to a process that has died it does nothing, for its exit is reported anyway. */
  send(command: Command): void;
  /** Ends the process at once. */
  kill(): void;
}

/**
 * Starts one engine process. `onExit` is called exactly once, after the last `onEvent`, also when the process cannot be started.
 * The process must not outlive its host.
 */
export type EngineLauncher<Command = EngineCommand, Event = EngineEvent> = (
  onEvent: (event: Event) => void,
  onExit: (exit: EngineExit) => void,
) => EngineHandle<Command>;
