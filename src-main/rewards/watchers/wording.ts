/** How sentences about a run write numbers, counts and steps. */

/** Three significant digits: `0.612`, `12.4`, `3.1e-4`. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** A share as a percentage: `97%`, `0.3%`. */
export function percent(share: number): string {
  return `${number(Math.round(share * 1000) / 10)}%`;
}

/** `1 group`, `2 groups`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `step 4`, `steps 4 to 9`. */
export function steps({ first, last }: { first: number; last: number }): string {
  return first === last ? `step ${first}` : `steps ${first} to ${last}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
