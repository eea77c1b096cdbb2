/** The engine process of the playground: begun when it is needed, kept while it is used, so that models stay open from one trial to the next. */
import { StudioError } from '../../contract/errors.ts';
import type { TrialCommand, TrialEvent } from '../../contract/playground.ts';
import type { EngineHandle, EngineLauncher } from '../../runs/engine-launcher.ts';
import { crashError } from '../../runs/live-run.ts';

/** The engine process understands both what runs and what trials say to it. */
export type TrialLauncher = EngineLauncher<TrialCommand, TrialEvent>;

type SampleRequest = Omit<Extract<TrialCommand, { type: 'sample' }>, 'type' | 'trial'>;

/** Milliseconds without a trial after which the process is ended and gives its memory back. */
const IDLE_LIMIT = 5 * 60_000;

export interface TrialListener {
  onEvent(event: TrialEvent): void;
  /** The process has died under the trial: no event will follow. */
  onCrash(error: StudioError): void;
}

export class TrialProcess {
  readonly #launch: TrialLauncher;
  #engine: EngineHandle<TrialCommand> | null = null;
  readonly #listeners = new Map<number, TrialListener>();
  #begun = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(launch: TrialLauncher) {
    this.#launch = launch;
  }

  /** @returns the trial's number, for `cancel` */
  begin(request: SampleRequest, listener: TrialListener): number {
    const trial = ++this.#begun;
    clearTimeout(this.#idle);
    this.#listeners.set(trial, listener);
    this.#engine ??= this.#start();
    this.#engine.send({ type: 'sample', trial, ...request });
    return trial;
  }

  cancel(trial: number): void {
    if (this.#listeners.has(trial)) this.#engine?.send({ type: 'cancel', trial });
  }

  close(): void {
    clearTimeout(this.#idle);
    const engine = this.#engine;
    this.#engine = null;
    this.#listeners.clear();
    engine?.kill();
  }

  #start(): EngineHandle<TrialCommand> {
    const engine: EngineHandle<TrialCommand> = this.#launch(
      (event) => {
        const listener = this.#listeners.get(event.trial);
        if (event.type === 'ended') this.#listeners.delete(event.trial);
        listener?.onEvent(event);
        if (this.#listeners.size === 0) this.#waitIdle();
      },
      (exit) => {
        if (this.#engine !== engine) return; // it was ended from here
        this.#engine = null;
        const lost = [...this.#listeners.values()];
        this.#listeners.clear();
        for (const listener of lost) listener.onCrash(StudioError.fromRecord(crashError(exit)));
      },
    );
    return engine;
  }

  #waitIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), IDLE_LIMIT);
    this.#idle.unref();
  }
}
