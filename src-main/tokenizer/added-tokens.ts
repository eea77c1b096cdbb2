/** Finds added tokens in a text, as the Rust `tokenizers` library does (added_vocabulary.rs): before the model sees any of it. */

export interface AddedToken {
  id: number;
  content: string;
  /** Only where no word character stands beside it. */
  single_word: boolean;
  /** Takes the white space before it along. */
  lstrip: boolean;
  /** Takes the white space after it along. */
  rstrip: boolean;
  /** Searched in the normalized text, in its own normalized form. */
  normalized: boolean;
  /** Left out of texts that are decoded without special tokens. */
  special: boolean;
}

/** A part of a text: an added token's id, or text between added tokens. */
export interface TextPart {
  token: number | null;
  text: string;
  /** Whether the part begins the text. */
  first: boolean;
}

/** A character of `\w` in Rust's and Oniguruma's regular expressions. */
export const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;
const endsWithWord = new RegExp(`[${WORD}]$`, 'u');
const startsWithWord = new RegExp(`^[${WORD}]`, 'u');
const space = /\p{White_Space}/u;

/**
 * @param tokens with the form in which each is searched
 * @returns splits a text at them: the leftmost match goes first, of several at one place the longest
 */
export function addedTokenSplitter(tokens: readonly (readonly [string, AddedToken])[]): (text: string) => TextPart[] {
  const byFirst = new Map<string, (readonly [string, AddedToken])[]>();
  for (const entry of [...tokens].sort(([a], [b]) => b.length - a.length)) {
    const [form] = entry;
    if (form === '') continue;
    const others = byFirst.get(form[0]);
    if (others) others.push(entry);
    else byFirst.set(form[0], [entry]);
  }
  return (text) => {
    const parts: TextPart[] = [];
    let done = 0;
    const push = (token: number | null, start: number, end: number) => {
      if (end > start) parts.push({ token, text: text.slice(start, end), first: start === 0 });
    };
    for (let at = 0; at < text.length;) {
      const found = byFirst.get(text[at])?.find(([form]) => text.startsWith(form, at));
      if (found === undefined) {
        at++;
        continue;
      }
      const [form, token] = found;
      let [start, end] = [at, at + form.length];
      at = end;
      if (token.single_word) {
        // Two units hold the whole character beside the token.
        const before = text.slice(Math.max(0, start - 2), start);
        if (endsWithWord.test(before) || startsWithWord.test(text.slice(end, end + 2))) continue;
      }
      if (token.lstrip) while (start > done && space.test(text[start - 1])) start--;
      if (token.rstrip) while (end < text.length && space.test(text[end])) end++;
      push(null, done, start);
      push(token.id, start, end);
      done = end;
      at = Math.max(at, end);
    }
    push(null, done, text.length);
    return parts;
  };
}
