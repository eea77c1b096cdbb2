/** Stands in for a tokenizer where no model is named, so that rules about length and repetition say something. */

export type Tokenize = (text: string) => ArrayLike<number>;

export const roughNote =
  'Tokens are counted as words, marks and line breaks, which is about what a tokenizer makes of them; name a model for exact lengths.';

/** One id for each word, mark and line break, equal ones with equal ids, and an end token. */
export function roughTokenizer(): Tokenize {
  const ids = new Map<string, number>();
  const idOf = (piece: string) => {
    const known = ids.get(piece);
    if (known !== undefined) return known;
    ids.set(piece, ids.size + 1);
    return ids.size;
  };
  return (text) => [...(text.match(/[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]|\n/gu) ?? []).map(idOf), 0];
}
