/** Commands that have arrived but are not acted on yet: the loop looks here between two units of work. */
import type { EngineCommand } from '../contract/engine.ts';

export class CommandQueue {
  readonly #commands: EngineCommand[] = [];
  #wake: (() => void) | null = null;

  push(command: EngineCommand): void {
    this.#commands.push(command);
    this.#wake?.();
    this.#wake = null;
  }

  /** The oldest command, or undefined when there is none. */
  take(): EngineCommand | undefined {
    return this.#commands.shift();
  }

  /** The oldest command, as soon as there is one. */
  async wait(): Promise<EngineCommand> {
    if (this.#commands.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#commands.shift() as EngineCommand;
  }
}
