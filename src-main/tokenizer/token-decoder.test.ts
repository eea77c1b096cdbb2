import { expect, test } from 'vitest';
import { compileDecoder, type DecoderConfig } from './token-decoder.ts';

/** Decodes in one go and token by token, which have to agree. */
function decode(config: DecoderConfig | null, tokens: string[], cleansUp = false): string {
  const start = compileDecoder(config, cleansUp);
  const whole = start();
  const text = whole.push(tokens) + whole.end();
  const stream = start();
  expect(tokens.map((token) => stream.push([token])).join('') + stream.end()).toBe(text);
  return text;
}

// Expected texts: tokenizers 0.23.2 (Rust).
const llama: DecoderConfig = {
  type: 'Sequence',
  decoders: [
    { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ],
};

test('a run of byte tokens is valid as a whole or not at all', () => {
  expect(decode(llama, ['▁▁a', '<0xE2>', '<0x82>', '<0xAC>', 'b'])).toBe(' a€b');
  expect(decode(llama, ['a', '<0x41>', '<0xE2>', 'b', '<0x41>'])).toBe('a\uFFFD\uFFFDbA');
  expect(decode(llama, ['<0xEF>', '<0xBB>', '<0xBF>', 'a'])).toBe('\uFEFFa');
});

test('a strip before the fuse works on every token', () => {
  const strip: DecoderConfig = { type: 'Strip', content: ' ', start: 1, stop: 0 };
  expect(decode({ type: 'Sequence', decoders: [strip, { type: 'Fuse' }] }, ['  a', ' b', 'c '])).toBe(' abc ');
});

test('a replacement after the fuse sees the whole text', () => {
  const config: DecoderConfig = {
    type: 'Sequence',
    decoders: [{ type: 'Fuse' }, { type: 'Replace', pattern: { Regex: 'ab+' }, content: '$&' }],
  };
  expect(decode(config, ['xa', 'b', 'bc'])).toBe('x$&c');
});

test('metaspace drops every mark of the first token, unless none is prepended', () => {
  expect(decode({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' }, ['▁▁', '▁a'])).toBe(' a');
  expect(decode({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' }, ['▁▁', '▁a'])).toBe('   a');
});

test('byte-level text keeps added tokens that are not spelled in bytes', () => {
  expect(decode({ type: 'ByteLevel' }, ['Ġa', '<tool call>', 'Ċ', 'âĤ', '<s>'])).toBe(' a<tool call>\n\uFFFD<s>');
});

test('without a decoder, tokens are joined with spaces', () => {
  expect(decode(null, ['a', 'b'])).toBe('a b');
});

// Expected texts: transformers 5.18.
test('spaces before punctuation are taken out, one kind after the other', () => {
  const cleaned = (text: string) => decode({ type: 'Fuse' }, Array.from(text), true);
  expect(cleaned(`Hi , it 's " n't " ok ? Yes  ! a  . b`)).toBe(`Hi, it's "n't " ok? Yes ! a . b`);
  expect(cleaned(`s ' .' ' .'m . `)).toBe(`s '.' '.'m. `);
  expect(cleaned(` ' 's ' ' 'm n't . `)).toBe(`''s'''mn't. `);
});
