import { describe, expect, test } from 'vitest';
import { datasetMappingSchema, type DatasetMapping } from '../contract/dataset-mapping.ts';
import type { z } from 'zod';
import { compileMapping } from './map-row.ts';

type Mapping = z.input<typeof datasetMappingSchema>;

const mapped = (mapping: Mapping, row: unknown) => compileMapping(datasetMappingSchema.parse(mapping))(row);
const column = (name: string, form: 'conversation' | 'text' = 'conversation'): DatasetMapping['prompt'] => ({
  kind: 'column',
  column: name,
  form,
});

describe('a row is mapped', () => {
  test("from GSM8K's shape: the final answer, and the whole as solution", () => {
    const row = { question: 'How many?', answer: '6 * 7 = 42\n#### 42 ', level: 3 };
    expect(
      mapped({ prompt: column('question'), roles: { answer: 'answer' }, answerPart: 'after_hashes' }, row),
    ).toEqual({
      prompt: [{ role: 'user', content: 'How many?' }],
      columns: { answer: '42', solution: row.answer, level: 3 },
    });
  });

  test('as plain text, without the other columns, under the names of its roles', () => {
    const row = { q: 'a', reply: 'b', points: '0.5', other: 1 };
    const mapping: Mapping = {
      prompt: column('q', 'text'),
      roles: { completion: 'reply', score: 'points' },
      keepOthers: false,
    };
    expect(mapped(mapping, row)).toEqual({ prompt: 'a', columns: { completion: 'b', score: 0.5 } });
  });

  test('by a template: empty columns vanish, numbers and lists are written, named columns stay', () => {
    const prompt: DatasetMapping['prompt'] = {
      kind: 'template',
      template: '{task}\n{{{n}}} {tags}\n\n{input}',
      form: 'text',
    };
    const row = { task: 'Add.', n: 3, tags: ['x'], input: null };
    expect(mapped({ prompt }, row)).toEqual({ prompt: 'Add.\n{3} ["x"]', columns: row });
  });

  test("from a conversation: the assistant's last turn is the completion, a system message is added where none is", () => {
    const messages = [
      { from: 'human', value: 'Hi' },
      { from: 'gpt', value: 'Hello' },
      { role: 'user', content: [{ type: 'text', text: 'Bye' }] },
      { role: 'assistant', content: 'See you' },
    ];
    const mapping: Mapping = {
      prompt: { kind: 'messages', column: 'm' },
      system: 'Be kind.',
      roles: { completion: 'm' },
    };
    expect(mapped(mapping, { m: messages })).toEqual({
      prompt: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Bye' },
      ],
      columns: { completion: 'See you' },
    });
    const own = mapped(mapping, { m: [{ role: 'system', content: 'Own.' }, ...messages] }).prompt;
    expect(own[0]).toEqual({ role: 'system', content: 'Own.' });
  });
});

describe('a row is refused', () => {
  test.each<[string, Mapping, unknown, string, string | undefined]>([
    ['no object', { prompt: column('q') }, ['a'], 'holds a list instead of an object with columns', undefined],
    ['no prompt column', { prompt: column('q') }, { p: 'a' }, 'has no "q" column (found: p)', 'q'],
    ['an empty prompt', { prompt: column('q') }, { q: ' ' }, '"q" must be a text that is not empty', 'q'],
    ['a number as prompt', { prompt: column('q') }, { q: 5 }, 'but is the number 5', 'q'],
    [
      'a misspelt name in the template',
      { prompt: { kind: 'template', template: '{qu}', form: 'text' } },
      { q: 1 },
      'has no "qu" column, which the template names',
      'qu',
    ],
    [
      'an empty rendering',
      { prompt: { kind: 'template', template: ' {q} ', form: 'text' } },
      { q: '' },
      'makes an empty prompt',
      undefined,
    ],
    [
      'only an answer',
      { prompt: { kind: 'messages', column: 'm' } },
      { m: [{ role: 'assistant', content: 'a' }] },
      'holds an answer and no prompt',
      'm',
    ],
    [
      'a message without content',
      { prompt: { kind: 'messages', column: 'm' } },
      { m: [{ role: 'user' }] },
      'message 1 of "m" needs a text as its content, but has nothing',
      'm.0.content',
    ],
    [
      'an empty answer',
      { prompt: column('q'), roles: { answer: 'a' } },
      { q: 'x', a: '' },
      '"a", the answer, is empty',
      'a',
    ],
    [
      'no hashes',
      { prompt: column('q'), roles: { answer: 'a' }, answerPart: 'after_hashes' },
      { q: 'x', a: '42' },
      'must end in "#### "',
      'a',
    ],
    [
      'a score that is no number',
      { prompt: column('q'), roles: { score: 's' } },
      { q: 'x', s: 'good' },
      'the score, must be a number',
      's',
    ],
    [
      'equal ranks',
      { prompt: column('q'), roles: { chosen: 'c', rejected: 'r' } },
      { q: 'x', c: 'y', r: 'y' },
      'ranks nothing',
      'r',
    ],
    [
      "a completion that is the user's",
      { prompt: column('q'), roles: { completion: 'm' } },
      { q: 'x', m: [{ role: 'user', content: 'y' }] },
      'must end in a turn of the assistant',
      'm',
    ],
  ])('for %s', (_, mapping, row, message, field) => {
    let thrown: unknown;
    try {
      mapped(mapping, row);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ message: expect.stringContaining(message) as string });
    expect((thrown as { field?: string }).field).toBe(field);
  });
});

test.each([
  ['{a} {', 'The template has a single "{"'],
  ['{a} }', 'The template has a single "}"'],
  ['{}', 'without the name of a column'],
  ['{{a}}', 'names no column'],
])('the template %s is refused', (template, message) => {
  const mapping = datasetMappingSchema.parse({ prompt: { kind: 'template', template, form: 'text' } });
  expect(() => compileMapping(mapping)).toThrow(message);
});

test('a plain text has no place for a system message', () => {
  const mapping = datasetMappingSchema.parse({ prompt: column('q', 'text'), system: 'Be kind.' });
  expect(() => compileMapping(mapping)).toThrow('no place for a system message');
});
