import { CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import { expect, test } from 'vitest';
import { scoreTypes } from '../../../../src-main/rewards/sandbox/score-types.ts';
import { completeScore, declaredInputs } from './score-completion.ts';

const source = completeScore(scoreTypes(), () => ['answer', 'nums']);

function suggested(text: string): string[] {
  const context = new CompletionContext(EditorState.create({ doc: text }), text.length, false);
  return ((source(context) as CompletionResult | null)?.options ?? []).map(({ label }) => label);
}

test('knows every input of score, its type and what it is', () => {
  const inputs = declaredInputs(scoreTypes());
  expect(inputs.map(({ name }) => name)).toEqual(['prompt', 'completion', 'reasoning', 'answer', 'row', 'tokens']);
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
