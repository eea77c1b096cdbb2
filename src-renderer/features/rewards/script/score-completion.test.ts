import { CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import { expect, test } from 'vitest';
import { completeScore, declaredInputs } from './score-completion.ts';

/** As the studio writes them from its schemas. */
const declarations = `/** What \`score\` is called with. */
interface ScoreInput {
  /** The whole completion. */
  completion: string;
  /** What stands between <think> and </think>; null without such a part. */
  reasoning: string | null;
  /** The other columns of the prompt's row in the dataset. */
  row: Record<string, unknown>;
  /** Token ids of the completion, the end token included. */
  tokens: Array<number>;
}

/** What \`score\` returns. */
type ScoreOutput = number | null | {
  /** One sentence that explains the score. */
  why?: string;
};
`;

const source = completeScore(declarations, () => ['answer', 'nums']);

function suggested(text: string): string[] {
  const context = new CompletionContext(EditorState.create({ doc: text }), text.length, false);
  return ((source(context) as CompletionResult | null)?.options ?? []).map(({ label }) => label);
}

test('knows every input of score, its type and what it is', () => {
  const inputs = declaredInputs(declarations);
  expect(inputs.map(({ name }) => name)).toEqual(['completion', 'reasoning', 'row', 'tokens']);
  expect(inputs.find(({ name }) => name === 'reasoning')?.type).toBe('string | null');
  for (const { about } of inputs) expect(about).toMatch(/\.$/);
});

test('suggests the inputs, the members of their types and the columns of the row', () => {
  expect(suggested('return comp')).toContain('completion');
  expect(suggested('completion.')).toContain('includes');
  expect(suggested('reasoning?.spl')).toContain('split');
  expect(suggested('tokens.')).toContain('filter');
  expect(suggested('row.')).toEqual(['answer', 'nums']);
  expect(suggested('Math.')).toContain('max');
  expect(suggested('somethingElse.')).toEqual([]);
  expect(suggested('const a = ')).toEqual([]);
});
