/** Lets policies answer one prompt side by side, each in turn by one token, and tells what they write while they write it. */
import { setImmediate } from 'node:timers/promises';
import { toErrorRecord } from '../contract/errors.ts';
import type { GrownText, TrialCommand, TrialEvent } from '../contract/playground.ts';
import type { GrowingCompletion } from './sampler/rollout.ts';
import { openPolicy, type PolicySession, type SampleStream } from './session.ts';

type SampleCommand = Extract<TrialCommand, { type: 'sample' }>;
type Send = (event: TrialEvent) => void;

/** Milliseconds of text that are told together. */
const TELL_INTERVAL = 50;

/** Trials one after the other, with the policies of the newest kept open for the next. */
export class Trials {
  readonly #send: Send;
  readonly #open = new Map<string, PolicySession>();
  /** Those that wait or are under way. */
  readonly #standing = new Set<number>();
  #previous: Promise<void> = Promise.resolve();

  constructor(send: Send) {
    this.#send = send;
  }

  receive(command: TrialCommand): void {
    if (command.type === 'cancel') {
      this.#standing.delete(command.trial);
      return;
    }
    this.#standing.add(command.trial);
    this.#previous = this.#previous.then(() => this.#run(command));
  }

  async #run(command: SampleCommand): Promise<void> {
    const { trial } = command;
    this.#closeOthers(command.policies);
    const answers: Answer[] = [];
    try {
      for (const [policy, folder] of command.policies.entries()) {
        if (!this.#standing.has(trial)) break;
        const answer = await this.#begin(command, policy, folder);
        if (answer !== null) answers.push(answer);
        await setImmediate();
      }
      for (let live = answers; live.length > 0 && this.#standing.has(trial);) {
        live = live.filter((answer) => answer.grow());
        await setImmediate(); // a cancelling command arrives here
      }
    } finally {
      for (const answer of answers) answer.giveUp();
      this.#send({ type: 'ended', trial, cancelled: !this.#standing.delete(trial) });
    }
  }

  async #begin({ trial, prompt, sampling }: SampleCommand, policy: number, folder: string): Promise<Answer | null> {
    try {
      this.#send({ type: 'opening', trial, policy });
      const session = this.#open.get(folder) ?? (await openPolicy(folder, 'auto'));
      this.#open.set(folder, session);
      const stream = session.stream(prompt, sampling);
      const { device } = session.info;
      this.#send({
        type: 'sampling',
        trial,
        policy,
        prompt: stream.prompt,
        promptTokens: stream.promptTokens.length,
        device,
      });
      return new Answer(this.#send, trial, policy, session, stream);
    } catch (error) {
      this.#send({ type: 'unable', trial, policy, error: toErrorRecord(error, 'engine_crashed') });
      return null;
    }
  }

  #closeOthers(folders: readonly string[]): void {
    for (const [folder, session] of this.#open) {
      if (folders.includes(folder)) continue;
      session.dispose();
      this.#open.delete(folder);
    }
  }
}

/** One policy's answer while it grows. */
class Answer {
  readonly #send: Send;
  readonly #about: { trial: number; policy: number };
  readonly #session: PolicySession;
  readonly #stream: SampleStream;
  readonly #decoders = new Map<number, ReturnType<PolicySession['tokenizer']['stream']>>();
  /** What has not been told yet, by place. */
  #untold = new Map<number, GrownText>();
  #toldAt = 0;

  constructor(send: Send, trial: number, policy: number, session: PolicySession, stream: SampleStream) {
    this.#send = send;
    this.#about = { trial, policy };
    this.#session = session;
    this.#stream = stream;
  }

  /** Adds a token to every completion that is not whole; false when there is nothing more to add. */
  grow(): boolean {
    try {
      const { done, value } = this.#stream.steps.next();
      if (done) {
        this.#send({ type: 'answered', ...this.#about });
        return false;
      }
      for (const completion of value) this.#take(completion);
      if (performance.now() - this.#toldAt >= TELL_INTERVAL) this.#tell();
      return true;
    } catch (error) {
      this.#send({ type: 'unable', ...this.#about, error: toErrorRecord(error, 'engine_crashed') });
      return false;
    }
  }

  /** Tells what has been written; does nothing to an answer that has ended. */
  giveUp(): void {
    this.#tell();
    this.#stream.steps.return([]);
  }

  #take({ slot: place, tokens, whole }: GrowingCompletion): void {
    if (whole !== null) {
      this.#untold.delete(place);
      this.#send({ type: 'completion', ...this.#about, place, ...whole });
      return;
    }
    let decoder = this.#decoders.get(place);
    if (decoder === undefined) {
      decoder = this.#session.tokenizer.stream({ skipSpecialTokens: true });
      this.#decoders.set(place, decoder);
    }
    const text = (this.#untold.get(place)?.text ?? '') + decoder.push(tokens[tokens.length - 1]);
    this.#untold.set(place, { place, text, tokens: tokens.length });
  }

  #tell(): void {
    if (this.#untold.size === 0) return;
    this.#send({ type: 'grown', ...this.#about, completions: [...this.#untold.values()] });
    this.#untold = new Map();
    this.#toldAt = performance.now();
  }
}
