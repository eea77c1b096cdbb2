/** Sessions of the playground: policies that answer one prompt side by side, and what rules say of their answers. */
import { join } from 'node:path';
import type { PlaygroundActivity, PlaygroundSampling, PlaygroundSession } from '../../contract/api/playground.ts';
import type { CheckedInput } from '../../contract/api.ts';
import { StudioError, toErrorRecord } from '../../contract/errors.ts';
import type { TrialEvent, TrialSampling } from '../../contract/playground.ts';
import type { EngineLauncher } from '../../runs/engine-launcher.ts';
import { findRewardSet } from '../rewards/find-reward-set.ts';
import { createAnswerScorer, type AnswerScorer } from './answer-scorer.ts';
import { policyFolder, type PolicySources } from './policies.ts';
import { TrialProcess, type TrialLauncher } from './trial-process.ts';

interface Parts extends PolicySources {
  dataDirectory: string;
  launchEngine: EngineLauncher;
}

type Publish = (activity: PlaygroundActivity) => void;

export class Playground {
  readonly #parts: Parts;
  readonly #publish: Publish;
  readonly #process: TrialProcess;
  /** Trials of the process by session. */
  readonly #trials = new Map<string, number>();
  #begun = 0;

  constructor(parts: Parts, publish: Publish) {
    this.#parts = parts;
    this.#publish = publish;
    this.#process = new TrialProcess(parts.launchEngine as unknown as TrialLauncher);
  }

  /** @throws StudioError when a policy or a rule cannot be used at all, or a policy is named twice */
  async begin({
    policies,
    prompt,
    sampling,
    rewards,
    columns,
  }: CheckedInput<'sample-playground'>): Promise<PlaygroundSession> {
    requireText(prompt);
    const folders: string[] = [];
    for (const choice of policies) folders.push(await policyFolder(this.#parts, choice));
    const twice = folders.find((folder, i) => folders.indexOf(folder) !== i);
    if (twice !== undefined)
      throw new StudioError('config_invalid', 'The same policy is chosen twice; choose another one beside it.', {
        path: twice,
        field: 'policies',
      });
    const rules = rewards === null ? [] : findRewardSet(this.#parts.store.reader, rewards).rules;
    const row = { index: 0, prompt, columns };
    const judgeReplies = join(this.#parts.dataDirectory, 'judge-replies');
    const scorer = await createAnswerScorer(rules, row, { judgeReplies });
    const session = `playground-${++this.#begun}`;
    const listener = new SessionListener(session, folders.length, scorer, this.#publish, () =>
      this.#trials.delete(session),
    );
    const trial = this.#process.begin({ policies: folders, prompt, sampling: toTrial(sampling) }, listener);
    this.#trials.set(session, trial);
    return { session, rules: [...scorer.names] };
  }

  cancel(session: string): void {
    const trial = this.#trials.get(session);
    if (trial !== undefined) this.#process.cancel(trial);
  }

  close(): void {
    this.#process.close();
  }
}

function requireText(prompt: CheckedInput<'sample-playground'>['prompt']): void {
  const text = typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('');
  if (text.trim() === '')
    throw new StudioError('config_invalid', 'The prompt is empty: there is nothing to answer.', { field: 'prompt' });
}

/** At temperature 0 the likeliest token is taken; log-probs are then those of temperature 1. */
function toTrial({ temperature, ...sampling }: PlaygroundSampling): TrialSampling {
  const greedy = temperature === 0;
  return { ...sampling, temperature: greedy ? 1 : temperature, greedy, min_completion_length: 0, stop: [] };
}

/** Passes on what the engine says of one session, with scores added. */
class SessionListener {
  readonly #session: string;
  readonly #scorer: AnswerScorer;
  readonly #publish: Publish;
  readonly #release: () => void;
  readonly #prompts: string[] = [];
  readonly #begunAt: number[] = [];
  /** Policies that have not ended. */
  readonly #live: Set<number>;
  /** What is still scored. */
  readonly #scoring: Promise<void>[] = [];

  constructor(session: string, policies: number, scorer: AnswerScorer, publish: Publish, release: () => void) {
    this.#session = session;
    this.#scorer = scorer;
    this.#publish = publish;
    this.#release = release;
    this.#live = new Set(Array.from({ length: policies }, (_, policy) => policy));
  }

  onEvent(event: TrialEvent): void {
    const session = this.#session;
    switch (event.type) {
      case 'opening':
        this.#publish({ session, type: 'opening', policy: event.policy });
        break;
      case 'sampling': {
        const { policy, prompt, promptTokens, device } = event;
        this.#prompts[policy] = prompt;
        this.#begunAt[policy] = performance.now();
        this.#publish({ session, type: 'sampling', policy, prompt, promptTokens, device });
        break;
      }
      case 'grown':
        this.#publish({ session, type: 'grown', policy: event.policy, completions: event.completions });
        break;
      case 'completion':
        this.#complete(event);
        break;
      case 'answered':
        this.#scoring.push(this.#answered(event.policy));
        break;
      case 'unable':
        this.#unable(event.policy, event.error);
        break;
      case 'ended':
        void Promise.all(this.#scoring).then(() => this.#end(event.cancelled));
    }
  }

  onCrash(error: StudioError): void {
    for (const policy of this.#live) this.#unable(policy, error);
    this.#end(false);
  }

  #complete({ policy, place, text, tokens, logps, finishReason }: Extract<TrialEvent, { type: 'completion' }>): void {
    const logp = logps.reduce((sum, value) => sum + value, 0);
    this.#publish({
      session: this.#session,
      type: 'completion',
      policy,
      place,
      text,
      tokens: tokens.length,
      finishReason,
      logp,
    });
    if (this.#scorer.names.length > 0)
      this.#scorer.add(policy, this.#prompts[policy], { place, text, tokens }, this.#tellOf(policy));
  }

  async #answered(policy: number): Promise<void> {
    const seconds = (performance.now() - this.#begunAt[policy]) / 1000;
    try {
      await this.#scorer.finish(policy, this.#prompts[policy], this.#tellOf(policy));
      this.#live.delete(policy);
      this.#publish({ session: this.#session, type: 'answered', policy, seconds });
    } catch (error) {
      this.#unable(policy, toErrorRecord(error, 'reward_invalid'));
    }
  }

  #tellOf(policy: number): Parameters<AnswerScorer['add']>[3] {
    return (place, { reward, scores }) =>
      this.#publish({ session: this.#session, type: 'scored', policy, place, reward, scores });
  }

  #unable(policy: number, error: ReturnType<StudioError['toRecord']>): void {
    this.#live.delete(policy);
    this.#publish({ session: this.#session, type: 'unable', policy, error });
  }

  #end(cancelled: boolean): void {
    this.#scorer.dispose();
    this.#release();
    this.#publish({ session: this.#session, type: 'ended', cancelled });
  }
}
