/** Completions typed by hand, and the problem they answer. */
import type { DatasetRow } from '../../../../src-main/contract/dataset.ts';

export class TypedText {
  prompt = $state('What is 17 + 25?');
  /** Values as typed: rules read lists and numbers out of texts. */
  columns = $state<Record<string, string>>({ answer: '42' });
  completions = $state(['<think>17 + 25 = 42</think>\n<answer>42</answer>', 'It is 43.']);

  /** What is scored, if there is anything. */
  readonly given: { completions: string[]; row: DatasetRow } = $derived({
    completions: [...this.completions],
    row: { index: 0, prompt: this.prompt, columns: this.#filled() },
  });

  /** A column that is left empty is one that the row does not have. */
  #filled(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.columns).filter(([, value]) => value !== ''));
  }
}
