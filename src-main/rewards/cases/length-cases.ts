/** Hand-checked cases of the rules about length and repetition. */
import { casesOf, tokenCases, type Rule } from './rule-case.ts';

const answer = { answer: '42' };
const exact = { type: 'answer_match', extract: { type: 'last_number' } } as const;
const cosine: Rule = { type: 'cosine', correct: exact, unit: 'characters', max_length: 4 };

export const lengthCases = [
  ...tokenCases({ type: 'length_band', min: 10, max: 20, slack: 5 }, [
    [10, 1, '10 tokens, within 10 to 20'],
    [20, 1],
    [9, 0.8, '9 tokens, 1 short of 10 to 20: 0.8'],
    [22, 0.6, '22 tokens, 2 beyond 10 to 20: 0.6'],
    [25, 0],
    [0, 0],
  ]),
  ...tokenCases({ type: 'length_band', max: 2 }, [
    [0, 1],
    [3, 0],
  ]),
  ...tokenCases({ type: 'soft_overlong', max_length: 20, cache: 5 }, [
    [5, 0],
    [15, 0],
    [16, -0.2],
    [18, -0.6],
    [20, -1],
    [21, -1, '21 tokens, beyond the limit of 20'],
  ]),
  ...tokenCases({ type: 'soft_overlong', max_length: 20, cache: 0 }, [
    [20, 0],
    [21, -1],
  ]),
  ...tokenCases({ type: 'repetition', ngram_size: 2 }, [
    [[1, 2, 3, 4], 0, 'none of 3 2-grams of tokens repeats an earlier one'],
    [[5, 5, 5, 5, 5], -0.75, '3 of 4 2-grams of tokens repeat an earlier one'],
    [[1], 0, '1 tokens, fewer than one 2-gram'],
    [[1, 2, 1, 2, 1, 2], -0.6],
    [[], 0],
    [[1, 12, 11, 2], 0],
  ]),
  ...casesOf({ type: 'repetition', unit: 'words', ngram_size: 1, max_penalty: -2 }, [
    ['no No NO yes', {}, -1, undefined, '2 of 4 1-grams of words repeat an earlier one'],
    ['a b\u0085c', {}, 0],
    ['', {}, 0],
  ]),
  // 1 + cos(π · 2/4) is 1, 1 + cos(π) is 0: the middle and the end between the two values.
  ...casesOf(cosine, [
    ['42', answer, 0.75, '42', 'correct, 2 of 4 characters: 0.75'],
    ['  42', answer, 0.5],
    ['      42', answer, 0.5, '42', 'correct, 8 of 4 characters: 0.5'],
    ['41', answer, -0.75, '41', 'wrong, 2 of 4 characters: -0.75'],
    ['  41', answer, -0.5],
    ['', answer, -1],
    ['😀😀42', answer, 0.5],
    ['42', {}, null],
  ]),
  ...casesOf({ ...cosine, clamp: false, without_answer: 1 }, [
    ['      42', answer, 1],
    ['42', {}, 1, undefined, 'scored 1'],
  ]),
  ...casesOf({ type: 'kimi_length', correct: exact }, [
    ['42', answer, 0, undefined, 'all completions of the group have 0 tokens'],
    ['42', {}, null],
  ]),
];
