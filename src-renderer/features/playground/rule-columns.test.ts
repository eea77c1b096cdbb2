import { expect, test } from 'vitest';
import { columnsOf } from './rule-columns.ts';

test('columns are found by what the settings are called, in rules within rules too', () => {
  const rules = [
    { name: 'column', type: 'answer_match', column: 'answer' },
    { type: 'cosine', correct: { type: 'math', column: 'solution' } },
    { type: 'countdown', numbers_column: 'nums', target_column: 'target' },
    { type: 'answer_match', column: 'answer' },
  ];
  expect(columnsOf(rules)).toEqual(['answer', 'solution', 'nums', 'target']);
});
