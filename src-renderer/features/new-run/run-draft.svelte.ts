/** A run that is being put together: what has been chosen so far, and what the studio says to it. */
import type { EndpointOutputs } from '../../../src-main/contract/api.ts';
import type { RunType } from '../../../src-main/contract/config.ts';
import { givenValues, settingsOf, valuesUnsaid, type Values } from '../../lib/run-settings.ts';
import { toFailure, type Failure } from '../../stores/query.svelte.ts';
import type { Transport } from '../../transport/transport.ts';

/** Milliseconds without a change after which the draft is checked. */
const CHECK_DELAY = 250;

type Check = EndpointOutputs['check-run'];

export class RunDraft {
  type = $state<RunType>('grpo');
  /** What is said; everything else is left to the preset and the defaults. */
  values = $state.raw<Values>({});
  check = $state.raw<Check | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** What the run takes in memory; null while that cannot be told. */
  memory = $state.raw<EndpointOutputs['estimate-memory'] | null>(null);
  /** Fields that have been changed, or sent: a form that is still empty does not complain. */
  touched = $state.raw<ReadonlySet<string>>(new Set());
  readonly #transport: Transport;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #controller: AbortController | null = null;
  /** What each type had been given, for who looks at another type and comes back. */
  readonly #aside = new Map<RunType, Values>();

  readonly settings = $derived(settingsOf(this.type));
  /** What a run does where nothing is said. */
  readonly unsaid = $derived(valuesUnsaid(this.type, this.values['preset']));

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The value in force. */
  get(name: string): unknown {
    return this.values[name] ?? this.unsaid[name];
  }

  /** @param value undefined or the one in force anyway takes the setting back */
  set(name: string, value: unknown): void {
    const { [name]: _before, ...others } = this.values;
    const takenBack = value === undefined || JSON.stringify(value) === JSON.stringify(this.unsaid[name]);
    this.replace(takenBack ? others : { ...this.values, [name]: value });
    this.touch(name);
  }

  touch(name: string): void {
    if (!this.touched.has(name)) this.touched = new Set([...this.touched, name]);
  }

  touchAll(): void {
    this.touched = new Set([...this.touched, ...(this.check?.problems ?? []).map(({ field }) => field.split('.')[0])]);
  }

  replace(values: Values): void {
    this.values = values;
    this.#checkSoon();
  }

  /** Settings that both types have are kept; the others come back with their type. */
  choose(type: RunType): void {
    if (type === this.type) return;
    this.#aside.set(this.type, this.values);
    const names = new Set(settingsOf(type).map(({ name }) => name));
    const shared = Object.entries(this.values).filter(([name]) => names.has(name));
    this.type = type;
    this.touched = new Set();
    this.replace({ ...this.#aside.get(type), ...Object.fromEntries(shared) });
  }

  /** Takes over the settings of a run. */
  async cloneOf(run: string): Promise<void> {
    const { run: config, name } = await this.#transport.call('read-run', { run });
    this.type = config.type;
    this.replace({ ...givenValues(config), name: `${name} (copy)` });
  }

  /**
   * @param ignoreMemory starts it even where it does not fit
   * @returns the new run's id, or null when something is wrong with it, which the form then tells
   */
  async begin(ignoreMemory: boolean): Promise<string | null> {
    await this.#ask();
    this.touchAll();
    if (this.failure !== null || (this.check?.problems.length ?? 0) > 0) return null;
    return this.#transport.call('begin-run', { type: this.type, values: this.values, ignoreMemory });
  }

  /** What is wrong with a field or something in it. */
  problemsOf(name: string): Check['problems'] {
    return (this.check?.problems ?? []).filter(({ field }) => field === name || field.startsWith(`${name}.`));
  }

  /** What has only not been chosen yet: said as such, until the form is sent. */
  get missing(): Check['problems'] {
    const required = new Set(this.settings.filter((setting) => setting.required).map(({ name }) => name));
    return (this.check?.problems ?? []).filter(
      ({ field }) => required.has(field) && !(field in this.values) && !this.touched.has(field),
    );
  }

  /** The first problem of a field, once it may be told. */
  problemOf(name: string): string | null {
    return this.missing.some(({ field }) => field === name) ? null : (this.problemsOf(name)[0]?.message ?? null);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#controller?.abort();
  }

  #checkSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), CHECK_DELAY);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const { type, values } = this;
      const check = await this.#transport.call('check-run', { type, values }, controller.signal);
      if (this.#controller !== controller) return;
      this.check = check;
      this.failure = null;
      await this.#askForMemory(controller);
    } catch (error) {
      if (this.#controller === controller) this.failure = toFailure(error);
    }
  }

  /** Told only of a whole configuration: of half of one it would mislead. */
  async #askForMemory(controller: AbortController): Promise<void> {
    const { type } = this;
    const config = this.check?.config ?? null;
    const memory =
      config === null
        ? null
        : await this.#transport.call('estimate-memory', { type, config }, controller.signal).catch(() => null);
    if (this.#controller === controller) this.memory = memory;
  }
}
