import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StudioError } from '../contract/errors.ts';
import { extractionSchema } from '../contract/reward-rules/extraction.ts';
import type { Normalisation } from '../contract/reward-rules/normalisation.ts';
import { compileExtraction, previewExtraction } from './extraction.ts';
import { normaliseText } from './normalisation.ts';

describe('the preview', () => {
  test('shows what was found, where, and what is compared', () => {
    const text = 'so $\\boxed{\\text{ 1,234 }}$';
    expect(previewExtraction({ type: 'boxed' }, ['latex', 'digit_separators'], text)).toEqual({
      found: '\\text{ 1,234 }',
      span: { start: 11, end: 25 },
      normalised: '1234',
    });
    expect(previewExtraction({ type: 'last_number' }, [], 'none')).toEqual({ missing: 'no number in the text' });
  });

  test('says what is wrong with the extraction', () => {
    const path = { type: 'json_path', path: 'a..b' } as const;
    expect(() => previewExtraction(path, [], '')).toThrow(StudioError);
    expect(() => previewExtraction(path, [], '')).toThrow('extract.path: "a..b" is no path, at character 2');
  });
});

test.each<[string, Normalisation, string]>([
  ['\\( \\left( 3, \\, 4 \\right] \\)', ['latex', 'remove_spaces'], '(3,4]'],
  ['\\frac{\\frac{1}{2}}{3}', ['latex_fractions'], '(1/2)/3'],
  ['-\\tfrac 34', ['latex_fractions'], '-3/4'],
  ['\\frac{\\sqrt{2}}{2}', ['latex_fractions'], '\\frac{\\sqrt{2}}{2}'],
  ['12.5 %. ', ['punctuation', 'percent'], '12.5'],
  ['1 234,567_890', ['digit_separators'], '1234567890'],
  ['1,2345 and 1,23', ['digit_separators'], '1,2345 and 1,23'],
  ['5 cm', ['unit'], '5'],
  ['five cm', ['unit'], 'five cm'],
  ['A  B\n c', ['lower_case', 'collapse_spaces'], 'a b c'],
  [' a b ', ['trim'], 'a b'],
])('normalises %j by %j to %j', (text, steps, normalised) => {
  expect(normaliseText(text, steps)).toBe(normalised);
});

const piece = fc.constantFrom(
  '<answer>',
  '</answer>',
  '<think>',
  '</think>',
  '\\boxed{',
  '}',
  '{"a": [1, "x\\n"]}',
  '{',
  '[',
  '"',
  '#### ',
  '\n',
  '1,234.5',
  '-7',
  ' ',
  '😀',
  'é',
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
);
const verbatim = [
  { type: 'text' },
  { type: 'tag', tag: 'answer' },
  { type: 'regex', pattern: '(\\d+|.)', group: 1 },
  { type: 'last_number' },
  { type: 'boxed' },
  { type: 'after' },
  { type: 'reasoning' },
  { type: 'answer_part' },
  { type: 'chain', steps: [{ type: 'answer_part' }, { type: 'boxed' }, { type: 'last_number' }] },
].map((extraction) => extractionSchema.parse(extraction));

describe('for every text', () => {
  test.each(verbatim)('what $type finds stands at its span', (extraction) => {
    const extract = compileExtraction(extraction, 'extract');
    fc.assert(
      fc.property(anyText, (text) => {
        const extracted = extract(text);
        if ('missing' in extracted) expect(extracted.missing).not.toBe('');
        else expect(text.slice(extracted.span.start, extracted.span.end)).toBe(extracted.found);
      }),
    );
  });

  test('what a JSON path finds is the value, and its span holds the JSON of it', () => {
    const read = compileExtraction({ type: 'json_path', path: 'in["a b"][1]' }, 'extract');
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue(), anyText, (value, other, around) => {
        const json = JSON.stringify({ x: other, in: { q: other, 'a b': [other, value, other] } }, null, 1);
        const text = `${around.replace(/[[\]{}"`]/g, '')} ${json} `;
        const extracted = read(text);
        if ('missing' in extracted) throw new Error(extracted.missing);
        const written = JSON.parse(text.slice(extracted.span.start, extracted.span.end)) as unknown;
        expect(written).toEqual(JSON.parse(JSON.stringify(value)));
        const found: unknown = typeof value === 'string' ? extracted.found : JSON.parse(extracted.found);
        expect(found).toEqual(written);
      }),
    );
  });

  test('steps about letters and spaces change nothing the second time', () => {
    const steps: Normalisation = ['remove_spaces', 'lower_case', 'collapse_spaces', 'trim'];
    fc.assert(
      fc.property(anyText, (text) => {
        const once = normaliseText(text, steps);
        expect(normaliseText(once, steps)).toBe(once);
      }),
    );
  });
});
