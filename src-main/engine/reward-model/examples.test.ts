import { expect, test } from 'vitest';
import type { DatasetRow } from '../../contract/dataset.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { checkExamples, completionTokens, exampleKind } from './examples.ts';

const rows = (...columns: Record<string, unknown>[]): DatasetRow[] =>
  columns.map((columns, index) => ({ index, prompt: 'Say.', columns }));
const ranked = { chosen: 'yes', rejected: 'no' };
const scored = { completion: 'yes', score: 0.5 };

test('the columns tell the kind', () => {
  expect(exampleKind(rows(ranked))).toBe('ranked');
  expect(exampleKind(rows(scored, scored))).toBe('scored');
  expect(() => checkExamples(rows(ranked, ranked), rows(ranked))).not.toThrow();
  expect(() => checkExamples(rows(scored), [])).not.toThrow();
});

test.each([
  ['neither kind', rows({ answer: '4' }), [], 'row 0 of dataset has neither the columns chosen and rejected'],
  ['half a pair', rows({ chosen: 'yes' }), [], 'besides its prompt it has chosen'],
  ['a mixture', rows(ranked, scored), [], 'row 1 of dataset must hold a text in its column chosen, as a row of ranked'],
  ['another kind held out', rows(scored), rows(ranked), 'row 0 of eval_dataset must hold a text in its column complet'],
  ['a score that is text', rows({ ...scored, score: '7' }), [], 'a number in its column score, as a row of scored com'],
  ['a list', rows({ ...ranked, chosen: ['yes'] }), [], 'column chosen, as a row of ranked completions, but has ["yes"'],
  ['a pair of equals', rows({ chosen: 'a', rejected: 'a' }), [], 'row 0 of dataset has the same text in its columns'],
])('%s is refused', (_, trainRows, evalRows, message) => {
  expect(() => checkExamples(trainRows, evalRows)).toThrow(
    expect.objectContaining({ code: 'dataset_invalid', message: expect.stringContaining(message) as string }),
  );
});

test('a completion gets one end token, and none when it is written with one', () => {
  const tokenizer = {
    eosTokenIds: [2, 3],
    encode: (text: string) => Int32Array.from([...text].map((letter) => (letter === '$' ? 3 : 9))),
  } as Tokenizer;
  expect([...completionTokens('ab', tokenizer)]).toEqual([9, 9, 2]);
  expect([...completionTokens('ab$', tokenizer)]).toEqual([9, 9, 3]);
  expect([...completionTokens('', tokenizer)]).toEqual([2]);
});
