import { describe, expect, test } from 'vitest';
import { preTokenizerName } from './pre-tokenizer.ts';
import { mergeScores, requireSentencePiece } from './sentencepiece.ts';

const byteLevel = (useRegex: boolean) => ({ type: 'ByteLevel', add_prefix_space: false, use_regex: useRegex });
const split = (pattern: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    byteLevel(false),
  ],
});

// As Llama 3's and Qwen2's tokenizer.json have them.
const llama3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const qwen2 = llama3.replace('{1,3}', '');

describe('preTokenizerName', () => {
  test.each([
    ['llama-bpe', split(llama3), true],
    ['smaug-bpe', split(llama3), false],
    ['qwen2', split(qwen2), false],
    ['gpt-2', byteLevel(true), false],
    [
      'smollm',
      { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)] },
      false,
    ],
  ])('%s', (name, preTokenizer, ignoreMerges) => {
    expect(preTokenizerName(preTokenizer, ignoreMerges)).toBe(name);
  });

  test.each([
    ['another pattern', split(`${llama3}|x`), false],
    ['Qwen2 with whole words first', split(qwen2), true],
    ['a space before the text', { ...byteLevel(true), add_prefix_space: true }, false],
    [
      'digits in groups',
      { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: false }, byteLevel(true)] },
      false,
    ],
    ['no splitting at all', byteLevel(false), false],
    ['none', null, false],
  ])('none for %s', (_what, preTokenizer, ignoreMerges) => {
    expect(preTokenizerName(preTokenizer, ignoreMerges)).toBeNull();
  });
});

describe('SentencePiece', () => {
  test('a token scores by the first merge that makes it', () => {
    const merges = [
      ['a', 'b'],
      ['b', 'c'],
      ['ab', 'c'],
      ['a', 'bc'],
    ] as const;
    expect(mergeScores(['<s>', 'a', 'b', 'c', 'ab', 'bc', 'abc'], merges)).toEqual({
      scores: [-4, -4, -4, -4, -0, -1, -2],
      isClosed: true,
    });
    expect(mergeScores(['a', 'b', 'c', 'ab', 'bc', 'abc'], merges.slice(0, 3)).isClosed).toBe(false);
  });

  test('a space before the text where the normalizer prepends one; other normalizers are refused', () => {
    const refuse = (field: string): never => {
      throw new Error(field);
    };
    const marks = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
    const tokenizer = (...normalizers: object[]) => ({
      model: { byte_fallback: true },
      normalizer: { type: 'Sequence', normalizers },
      pre_tokenizer: null,
    });
    expect(requireSentencePiece(tokenizer({ type: 'Prepend', prepend: '▁' }, marks), refuse).prefixSpace).toBe(true);
    expect(requireSentencePiece(tokenizer(marks), refuse).prefixSpace).toBe(false);
    expect(() => requireSentencePiece(tokenizer({ type: 'NFKC' }, marks), refuse)).toThrow('normalizer');
  });
});
