/**
 * Turns tokens back into text, piece by piece. It follows the Rust `tokenizers` library to the character, also where
 * @huggingface/tokenizers 0.2.0 does not: an invalid run of byte tokens (one U+FFFD per byte), a byte order mark spelled in
 * byte tokens, several `▁` in the first token, added tokens under a byte-level decoder.
 */
import { tokenBytes } from './byte-level.ts';

/** The `decoder` of a tokenizer.json. */
export interface DecoderConfig {
  type: string;
  decoders?: DecoderConfig[];
  [option: string]: unknown;
}

/** One decoder of the chain as a stream: pieces in, pieces out; what has to wait for more comes out of `end` at the latest. */
interface Stage {
  push(pieces: string[]): string[];
  end(): string[];
}

/** A decoder of text that arrives token by token. */
export interface TokenStream {
  /** Takes the next tokens and gives the text that is certain by now. */
  push(tokens: string[]): string;
  /** Gives what was held back. */
  end(): string;
}

/**
 * @param config `decoder` of tokenizer.json; null joins the tokens with spaces
 * @param cleansUp whether spaces before punctuation are taken out of the text
 * @returns a function that starts a stream
 * @throws Error when a decoder type is unknown; WordPiece, CTC and BPEDecoder are, as no generative model here has them
 */
export function compileDecoder(config: DecoderConfig | null, cleansUp = false): () => TokenStream {
  const makers: (() => Stage)[] = [];
  if (config === null) makers.push(() => buffered((tokens) => [tokens.join(' ')]));
  else addStages(config, makers, false);
  if (cleansUp) makers.push(cleanUp);
  return () => {
    const stages = makers.map((make) => make());
    const run = (from: number, pieces: string[]) =>
      stages.slice(from).reduce((input, stage) => stage.push(input), pieces);
    return {
      push: (tokens) => run(0, tokens).join(''),
      end: () => stages.map((stage, index) => run(index + 1, stage.end()).join('')).join(''),
    };
  };
}

/**
 * Adds the stages of one decoder.
 * @param fused whether the pieces that reach it are parts of one text instead of separate tokens
 * @returns the same for the stage after it
 */
function addStages(config: DecoderConfig, makers: (() => Stage)[], fused: boolean): boolean {
  switch (config.type) {
    case 'Sequence':
      if (!Array.isArray(config.decoders)) throw new Error('its decoder is a sequence without a list of decoders');
      return config.decoders.reduce((state, decoder) => addStages(decoder, makers, state), fused);
    case 'ByteLevel':
      makers.push(byteLevel);
      return true;
    case 'ByteFallback':
      makers.push(byteFallback);
      return fused;
    case 'Fuse':
      return true;
    case 'Metaspace':
      makers.push(() => metaspace(config));
      return fused;
    case 'Strip': {
      const { content } = config;
      if (typeof content !== 'string' || content === '') throw new Error('its decoder strips nothing');
      if (config['stop'] !== 0) throw new Error('its decoder strips the end of tokens, which is not supported');
      makers.push(() => stripStart(content, Number(config['start']), fused));
      return fused;
    }
    case 'Replace': {
      const decode = replace(config['pattern'] as ReplacePattern, String(config['content']));
      makers.push(() => perToken(decode, fused));
      return fused;
    }
    default:
      throw new Error(`its decoder has the type ${JSON.stringify(config.type)}, which is not supported`);
  }
}

/** Bytes of all tokens in a row, read as UTF-8; an unfinished character waits. */
function byteLevel(): Stage {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (tokens) => [
      decoder.decode(Uint8Array.from(tokens.flatMap((token) => [...tokenBytes(token)])), { stream: true }),
    ],
    end: () => [decoder.decode()],
  };
}

/** Runs of `<0xE2>` tokens read as UTF-8; a run is valid as a whole or every byte of it becomes U+FFFD, so a run waits for its end. */
function byteFallback(): Stage {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
  let run: number[] = [];
  const flush = (): string[] => {
    if (run.length === 0) return [];
    const bytes = run;
    run = [];
    try {
      return [decoder.decode(Uint8Array.from(bytes))];
    } catch {
      return bytes.map(() => '\uFFFD');
    }
  };
  return {
    push: (tokens) =>
      tokens.flatMap((token) => {
        const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
        if (byte === undefined) return [...flush(), token];
        run.push(parseInt(byte, 16));
        return [];
      }),
    end: flush,
  };
}

/** `▁` to a space, but for those of the first token, which stand for the space that encoding put in front. */
function metaspace(config: DecoderConfig): Stage {
  const replacement = typeof config['replacement'] === 'string' ? config['replacement'] : '▁';
  const prepends =
    (config['prepend_scheme'] ?? (config['add_prefix_space'] === false ? 'never' : 'always')) !== 'never';
  let first = prepends;
  return {
    push: (tokens) =>
      tokens.map((token) => {
        const space = first ? '' : ' ';
        first = false;
        return token.replaceAll(replacement, space);
      }),
    end: () => [],
  };
}

/** Removes at most `count` of `content` from the start of the text, or of every token where they are not fused. */
function stripStart(content: string, count: number, fused: boolean): Stage {
  let left = count;
  return {
    push: (pieces) =>
      pieces.map((piece) => {
        if (!fused) left = count;
        let from = 0;
        while (left > 0 && piece.startsWith(content, from)) {
          from += content.length;
          left--;
        }
        if (from < piece.length) left = 0;
        return piece.slice(from);
      }),
    end: () => [],
  };
}

type ReplacePattern = { String: string } | { Regex: string };

function replace(pattern: ReplacePattern, content: string): (token: string) => string {
  const search = 'String' in pattern ? pattern.String : new RegExp(pattern.Regex, 'gu');
  return (token) => token.replaceAll(search, () => content);
}

/** transformers' `clean_up_tokenization`, in its order. */
const cleanings = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** Takes spaces before punctuation out. What comes before a character that is in none of the cleanings is certain. */
function cleanUp(): Stage {
  const clean = (text: string) => cleanings.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text);
  let held = '';
  return {
    push: (pieces) => {
      held += pieces.join('');
      const certain = /^[^]*[^ .?!,'nmtsvre]/.exec(held)?.[0] ?? '';
      held = held.slice(certain.length);
      return [clean(certain)];
    },
    end: () => [clean(held)],
  };
}

/** A decoder that looks at one token at a time; once the tokens are fused it needs the whole text. */
function perToken(decode: (token: string) => string, fused: boolean): Stage {
  if (fused) return buffered((pieces) => [decode(pieces.join(''))]);
  return { push: (tokens) => tokens.map(decode), end: () => [] };
}

/** A decoder that needs everything: nothing comes out before the end. */
function buffered(decode: (pieces: string[]) => string[]): Stage {
  const pieces: string[] = [];
  return {
    push: (more) => {
      pieces.push(...more);
      return [];
    },
    end: () => decode(pieces),
  };
}
