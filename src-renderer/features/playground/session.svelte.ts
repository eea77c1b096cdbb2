/** One session of the playground as the page shows it: begun, followed through its events, stopped. */
import type { EndpointInput } from '../../../src-main/contract/api.ts';
import type { PlaygroundActivity } from '../../../src-main/contract/api/playground.ts';
import type { FinishReason, RuleScore } from '../../../src-main/contract/engine.ts';
import type { ErrorRecord } from '../../../src-main/contract/errors.ts';
import { toFailure, type Failure } from '../../stores/query.svelte.ts';
import type { Transport } from '../../transport/transport.ts';

export interface Answer {
  text: string;
  tokens: number;
  /** null while it grows, and when it was stopped. */
  finishReason: FinishReason | null;
  /** Sum of its tokens' log-probs; null until it is whole. */
  logp: number | null;
  reward: number | null;
  /** null until it is scored. */
  scores: RuleScore[] | null;
}

export interface PolicyAnswers {
  label: string;
  state: 'waiting' | 'opening' | 'sampling' | 'answered' | 'stopped' | 'unable';
  /** As the policy saw it; null until it has. */
  prompt: string | null;
  promptTokens: number;
  seconds: number | null;
  error: ErrorRecord | null;
  answers: Answer[];
}

export class PlaygroundRun {
  /** The newest session's; null before the first. */
  policies = $state<PolicyAnswers[] | null>(null);
  /** Names of the rules that score them. */
  rules = $state.raw<readonly string[]>([]);
  greedy = $state(false);
  running = $state(false);
  stopping = $state(false);
  /** Why it could not begin, or be followed. */
  failure = $state.raw<Failure | null>(null);
  readonly #transport: Transport;
  #session: string | null = null;
  /** Events that came before the session's name was known. */
  #held: PlaygroundActivity[] = [];

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Follows the sessions' events. @returns ends that, and the session */
  watch(): () => void {
    const stop = this.#transport.listen('playground', (activities, gap) => {
      if (gap && this.running) this.#lose();
      if (!this.running) return;
      if (this.#session === null) this.#held.push(...activities);
      else for (const activity of activities) this.#take(activity);
    });
    return () => {
      stop();
      void this.stop();
    };
  }

  async begin(request: EndpointInput<'sample-playground'>, labels: readonly string[]): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.stopping = false;
    this.failure = null;
    this.#session = null;
    this.#held = [];
    try {
      const { session, rules } = await this.#transport.call('sample-playground', request);
      const count = request.sampling?.num_generations ?? 1;
      this.rules = rules;
      this.greedy = request.sampling?.temperature === 0;
      this.policies = labels.map((label) => waiting(label, count));
      this.#session = session;
      for (const activity of this.#held) this.#take(activity);
      this.#held = [];
      if (this.stopping) await this.#cancel(session);
    } catch (error) {
      this.failure = toFailure(error);
      this.running = false;
    }
  }

  /** A session that has not begun yet is stopped once it has. */
  async stop(): Promise<void> {
    if (!this.running || this.stopping) return;
    this.stopping = true;
    if (this.#session !== null) await this.#cancel(this.#session);
  }

  async #cancel(session: string): Promise<void> {
    try {
      await this.#transport.call('cancel-playground', { session });
    } catch (error) {
      this.failure = toFailure(error);
      this.stopping = false;
    }
  }

  #take(activity: PlaygroundActivity): void {
    if (activity.session !== this.#session || this.policies === null) return;
    if (activity.type === 'ended') {
      this.#end();
      return;
    }
    const policy = this.policies[activity.policy];
    switch (activity.type) {
      case 'opening':
        policy.state = 'opening';
        break;
      case 'sampling':
        policy.state = 'sampling';
        policy.prompt = activity.prompt;
        policy.promptTokens = activity.promptTokens;
        break;
      case 'grown':
        for (const { place, text, tokens } of activity.completions) {
          policy.answers[place].text += text;
          policy.answers[place].tokens = tokens;
        }
        break;
      case 'completion': {
        const { text, tokens, finishReason, logp } = activity;
        Object.assign(policy.answers[activity.place], { text, tokens, finishReason, logp });
        break;
      }
      case 'scored':
        Object.assign(policy.answers[activity.place], { reward: activity.reward, scores: activity.scores });
        break;
      case 'answered':
        policy.state = 'answered';
        policy.seconds = activity.seconds;
        break;
      case 'unable':
        policy.state = 'unable';
        policy.error = activity.error;
    }
  }

  #end(): void {
    this.running = false;
    this.stopping = false;
    for (const policy of this.policies ?? []) {
      if (policy.state !== 'answered' && policy.state !== 'unable') policy.state = 'stopped';
    }
  }

  #lose(): void {
    const session = this.#session;
    if (session !== null) this.#transport.call('cancel-playground', { session }).catch(() => undefined);
    const message = 'The studio was away for too long: a part of the answers is missing. Ask again.';
    this.failure = { message, path: null, field: null, lost: false };
    this.#end();
  }
}

function waiting(label: string, count: number): PolicyAnswers {
  return {
    label,
    state: 'waiting',
    prompt: null,
    promptTokens: 0,
    seconds: null,
    error: null,
    answers: Array.from({ length: count }, () => ({
      text: '',
      tokens: 0,
      finishReason: null,
      logp: null,
      reward: null,
      scores: null,
    })),
  };
}

/** The mean over the answers that have a reward; null while none has. */
export function meanReward(answers: readonly Answer[]): number | null {
  const rewards = answers.map(({ reward }) => reward).filter((reward) => reward !== null);
  return rewards.length === 0 ? null : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
}
