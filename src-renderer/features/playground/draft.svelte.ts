/** What is asked in the playground and of whom. It stays while other pages are open. */
import type { PlaygroundSampling } from '../../../src-main/contract/api/playground.ts';
import type { Message, Prompt } from '../../../src-main/contract/dataset.ts';

/** Prompts that are remembered. */
const REMEMBERED = 20;

export interface AskedPrompt {
  prompt: Prompt;
  columns: Record<string, unknown>;
}

class PlaygroundDraft {
  kind = $state<'messages' | 'text'>('messages');
  messages = $state<Message[]>([{ role: 'user', content: '' }]);
  text = $state('');
  /** The row's other columns, which rules read. */
  columns = $state<Record<string, unknown>>({});
  /** Values of policy options; empty before the first choice. */
  policies = $state<string[]>([]);
  /** A rule set as the studio takes it; empty: none. */
  rewards = $state('');
  sampling = $state<PlaygroundSampling>({
    temperature: 1,
    top_p: 1,
    top_k: 0,
    min_p: 0,
    repetition_penalty: 1,
    max_completion_length: 128,
    num_generations: 4,
    seed: 1,
  });
  /** The newest first, each once. */
  history = $state.raw<AskedPrompt[]>([]);

  get prompt(): Prompt {
    if (this.kind === 'text') return this.text;
    return this.messages.map(({ role, content }) => ({ role, content }));
  }

  get isEmpty(): boolean {
    return textOf(this.prompt).trim() === '';
  }

  take({ prompt, columns }: AskedPrompt): void {
    if (typeof prompt === 'string') {
      this.kind = 'text';
      this.text = prompt;
    } else {
      this.kind = 'messages';
      this.messages = prompt.map((message) => ({ ...message }));
    }
    this.columns = { ...columns };
  }

  remember(): void {
    const asked = { prompt: this.prompt, columns: { ...this.columns } };
    const key = JSON.stringify(asked);
    const others = this.history.filter((other) => JSON.stringify(other) !== key);
    this.history = [asked, ...others].slice(0, REMEMBERED);
  }
}

export const draft = new PlaygroundDraft();

/** A prompt in words, its roles left out. */
export function textOf(prompt: Prompt): string {
  return typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n');
}
