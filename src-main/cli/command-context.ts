/** The frame that the program gives to each of its commands. */
import type { CommonOptions } from './options.ts';
import type { Output } from './output.ts';
import type { EngineParts, Studio } from './studio.ts';

/** What a command's action runs in. */
export interface CommandContext {
  engine: EngineParts;
  /** Runs an action with its output; tells of what it throws; its result, or the failure's code, becomes the exit code. */
  run(options: CommonOptions, action: (output: Output) => Promise<number>): Promise<void>;
  /** Opens the data folder for the time of an action. */
  withStudio<T>(options: CommonOptions, action: (studio: Studio) => Promise<T> | T): Promise<T>;
}
