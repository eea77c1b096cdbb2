/** Where texts that were written side by side part. Pure. */

/**
 * The first place, in UTF-16 units, at which two texts differ; null while one is the beginning of the other and may still become it.
 * @param whole whether both have ended, so that a shorter one differs where it ends
 */
export function partingPlace(first: string, second: string, whole: boolean): number | null {
  const shorter = Math.min(first.length, second.length);
  let place = 0;
  while (place < shorter && first[place] === second[place]) place++;
  if (place > 0 && /[\uD800-\uDBFF]/.test(first[place - 1])) place--; // a character of two units
  if (place < shorter) return wordStart(first, place);
  return whole && first.length !== second.length ? place : null;
}

/** The first place at which a text parts from any of the others. */
export function firstParting(text: string, others: readonly { text: string; whole: boolean }[], whole: boolean) {
  const places = others
    .map((other) => partingPlace(text, other.text, whole && other.whole))
    .filter((place) => place !== null);
  return places.length === 0 ? null : Math.min(...places);
}

/** Cuts a text where it parts: what is the same, the word that differs, and the rest. */
export function cutAt(text: string, place: number | null): { same: string; differs: string; rest: string } {
  if (place === null) return { same: text, differs: '', rest: '' };
  const word = /^\s*([\p{L}\p{N}]+|\S)/u.exec(text.slice(place))?.[0] ?? text.slice(place);
  return { same: text.slice(0, place), differs: word, rest: text.slice(place + word.length) };
}

/** The start of the word that a place is in: numbers and words are compared whole. */
function wordStart(text: string, place: number): number {
  let start = place;
  while (start > 0 && /[\p{L}\p{N}]/u.test(text[start - 1])) start--;
  return start;
}
