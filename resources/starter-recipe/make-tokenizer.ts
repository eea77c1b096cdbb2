/** Writes the starter's tokenizer.json: one token per byte and one per tag, so that every digit is a token of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const special = ['<pad>', '<|im_start|>', '<|im_end|>'];
const tags = ['<think>', '</think>', '<answer>', '</answer>'];

/** The byte-level alphabet of GPT-2: printable bytes stand for themselves, the others for the code points from 256 on. */
function byteAlphabet(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

const vocabulary = [...special, ...tags, ...byteAlphabet()];
const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [...special, ...tags].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: special.includes(content),
  })),
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    merges: [],
  },
};
writeFileSync(join(import.meta.dirname, 'model', 'tokenizer.json'), `${JSON.stringify(tokenizer, null, 1)}\n`);
