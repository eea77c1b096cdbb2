/** Sets right what @huggingface/tokenizers 0.2.0 splits differently from the Rust library: white space, word characters, digits, the behaviors of a split. */
import { WORD } from './added-tokens.ts';

/** What is used of the library's pre-tokenizers. */
export interface PreTokenizer {
  /** Of a sequence. */
  tokenizers?: PreTokenizer[];
  /** Of a byte-level one and of a split. */
  pattern?: RegExp;
  pre_tokenize_text(text: string, options?: object): string[];
}

export interface PreTokenizerConfig {
  type: string;
  pretokenizers?: PreTokenizerConfig[];
  behavior?: string;
  invert?: boolean;
  /** Of Metaspace. */
  replacement?: string;
  split?: boolean;
  /** Of Digits. */
  individual_digits?: boolean;
}

/** GPT-2's pattern with the white space of Rust: JavaScript's own counts U+FEFF and not U+0085. */
const BYTE_LEVEL =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');
/** Rust's char::is_ascii_punctuation and the Unicode category. */
const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/gu;
/** Rust's char::is_numeric. */
const DIGIT = /\p{N}/gu;
const SPACED = /\P{White_Space}+/gu;

/** Changes the library's pre-tokenizer that was made from `config`. */
export function correctPreTokenizer(preTokenizer: PreTokenizer, config: PreTokenizerConfig): void {
  switch (config.type) {
    case 'Sequence':
      for (const [index, part] of (config.pretokenizers ?? []).entries()) {
        correctPreTokenizer(preTokenizer.tokenizers![index], part);
      }
      break;
    case 'Metaspace': {
      if (config.split === false) break;
      if (![undefined, '▁'].includes(config.replacement)) throw new Error('its Metaspace writes spaces not as ▁');
      const joined = preTokenizer.pre_tokenize_text.bind(preTokenizer);
      const split = splitter(/▁/g, 'MergedWithNext', false);
      preTokenizer.pre_tokenize_text = (text, options) => joined(text, options).flatMap(split);
      break;
    }
    case 'ByteLevel':
      preTokenizer.pattern = BYTE_LEVEL;
      break;
    case 'Whitespace':
      preTokenizer.pre_tokenize_text = (text) => text.match(WORDS) ?? [];
      break;
    case 'WhitespaceSplit':
      preTokenizer.pre_tokenize_text = (text) => text.match(SPACED) ?? [];
      break;
    case 'Split':
      preTokenizer.pre_tokenize_text = splitter(
        preTokenizer.pattern!,
        config.behavior ?? 'Isolated',
        config.invert ?? false,
      );
      break;
    case 'Digits':
      preTokenizer.pre_tokenize_text = splitter(DIGIT, config.individual_digits ? 'Isolated' : 'Contiguous', false);
      break;
    case 'Punctuation':
      preTokenizer.pre_tokenize_text = splitter(PUNCTUATION, config.behavior ?? 'Isolated', false);
  }
}

/** @returns splits a text into what matches and what lies between, and joins these as `behavior` says (normalizer.rs of the Rust library) */
function splitter(pattern: RegExp, behavior: string, invert: boolean): (text: string) => string[] {
  const how = behavior.toLowerCase().replaceAll('_', '');
  if (!['removed', 'isolated', 'mergedwithprevious', 'mergedwithnext', 'contiguous'].includes(how)) {
    throw new Error(`it splits with the behavior ${JSON.stringify(behavior)}, which is not supported`);
  }
  return (text) => {
    const parts: string[] = [];
    let wasMatch: boolean | null = null; // whether the last part ends with a match
    for (const [part, isMatch] of sections(text, pattern, invert)) {
      const joins =
        (how === 'mergedwithprevious' && isMatch && wasMatch === false) ||
        (how === 'mergedwithnext' && !isMatch && wasMatch === true) ||
        (how === 'contiguous' && isMatch === wasMatch);
      if (joins) parts[parts.length - 1] += part;
      else if (how !== 'removed' || !isMatch) parts.push(part);
      wasMatch = isMatch;
    }
    return parts;
  };
}

/** The whole text in parts that match and parts that do not. */
function* sections(text: string, pattern: RegExp, invert: boolean): Iterable<[string, boolean]> {
  let done = 0;
  for (const { index, 0: match } of text.matchAll(pattern)) {
    if (index > done) yield [text.slice(done, index), invert];
    if (match !== '') yield [match, !invert];
    done = index + match.length;
  }
  if (done < text.length) yield [text.slice(done), invert];
}
