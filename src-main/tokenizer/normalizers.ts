/** Sets right what @huggingface/tokenizers 0.2.0 normalizes differently from the Rust library: white space, letter case, SentencePiece's tables. */
import { precompiledMap } from './precompiled-map.ts';

/** What is used of the library's normalizers. */
export interface Normalizer {
  /** Of a sequence. */
  normalizers?: Normalizer[];
  /** Of a replacement. */
  pattern?: RegExp | string;
  normalize(text: string): string;
}

export interface NormalizerConfig {
  type: string;
  normalizers?: NormalizerConfig[];
  /** Of Strip. */
  strip_left?: boolean;
  strip_right?: boolean;
  /** Of Prepend. */
  prepend?: string;
  /** Of Replace. */
  content?: string;
  /** Of Precompiled, in base64. */
  precompiled_charsmap?: string | null;
}

/** Changes the library's normalizer that was made from `config`. */
export function correctNormalizer(normalizer: Normalizer, config: NormalizerConfig): void {
  const { strip_left: left, strip_right: right, prepend = '', content = '', precompiled_charsmap: map } = config;
  switch (config.type) {
    case 'Sequence':
      for (const [index, part] of (config.normalizers ?? []).entries()) {
        correctNormalizer(normalizer.normalizers![index], part);
      }
      break;
    case 'Strip':
      normalizer.normalize = (text) => {
        const start = left ? text.search(/\P{White_Space}|$/u) : 0;
        return right ? text.slice(start).replace(/\p{White_Space}+$/u, '') : text.slice(start);
      };
      break;
    case 'Lowercase':
      // One character at a time: a sigma does not see that it ends a word.
      normalizer.normalize = (text) => Array.from(text, (char) => char.toLowerCase()).join('');
      break;
    case 'Prepend':
      normalizer.normalize = (text) => (text === '' ? '' : prepend + text);
      break;
    case 'Replace':
      normalizer.normalize = (text) => text.replaceAll(normalizer.pattern!, () => content);
      break;
    case 'Precompiled':
      normalizer.normalize = typeof map === 'string' ? precompiledMap(Buffer.from(map, 'base64')) : (text) => text;
  }
}
