/** Compares what the studio computes with what golden data expects, and says where they differ most. */

/** Values of one quantity: a number, or several in a row. NaN equals NaN. */
type Values = number | ArrayLike<number>;

export interface Mismatch {
  quantity: string;
  expected: string;
  got: string;
  /** The element that is furthest off, with its place, both values, their difference and the tolerance. */
  worst: string;
}

export interface Tolerance {
  absolute?: number;
  /** As a share of the expected value. */
  relative?: number;
}

/**
 * @param places names of the elements for the report, such as `[2,3]`; their indices when absent
 * @returns null when every element is within the tolerance
 */
export function compare(
  quantity: string,
  got: Values,
  expected: Values,
  { absolute = 0, relative = 0 }: Tolerance,
  places?: readonly string[],
): Mismatch | null {
  const [actual, wanted] = [list(got), list(expected)];
  const shown = { quantity, expected: showValues(expected), got: showValues(got) };
  if (actual.length !== wanted.length) {
    return { ...shown, worst: `${wanted.length} elements expected, got ${actual.length}` };
  }
  let worst = -1;
  let largest = 1; // difference as a multiple of the tolerance
  wanted.forEach((value, i) => {
    const difference = Math.abs(actual[i] - value);
    if (difference === 0 || (Number.isNaN(actual[i]) && Number.isNaN(value))) return;
    const excess = difference / (absolute + relative * Math.abs(value));
    if (excess > largest || (Number.isNaN(excess) && largest !== Infinity)) {
      largest = Number.isNaN(excess) ? Infinity : excess;
      worst = i;
    }
  });
  if (worst < 0) return null;
  const place = typeof expected === 'number' ? '' : `${places?.[worst] ?? `[${worst}]`} `;
  const tolerance = absolute + relative * Math.abs(wanted[worst]);
  const difference = show(Math.abs(actual[worst] - wanted[worst]));
  return {
    ...shown,
    worst: `${place}expected ${show(wanted[worst])}, got ${show(actual[worst])}, difference ${difference}, tolerance ${show(tolerance)}`,
  };
}

/** Texts must be equal; the worst element is the first character that differs. */
export function compareText(quantity: string, got: string, expected: string): Mismatch | null {
  if (got === expected) return null;
  let at = 0;
  while (got[at] === expected[at]) at++;
  const from = (text: string) => (at < text.length ? JSON.stringify(text.slice(at, at + 12)) : 'the end of the text');
  return {
    quantity,
    expected: abbreviate(JSON.stringify(expected)),
    got: abbreviate(JSON.stringify(got)),
    worst: `[${at}] expected ${from(expected)}, got ${from(got)}, difference from there on, tolerance none`,
  };
}

function list(values: Values): number[] {
  return typeof values === 'number' ? [values] : Array.from(values);
}

function showValues(values: Values): string {
  if (typeof values === 'number') return show(values);
  const first = list(values).slice(0, 4).map(show).join(', ');
  return values.length > 4 ? `[${first}, … ${values.length} in all]` : `[${first}]`;
}

/** Nine significant digits tell any two float32 numbers apart. */
function show(value: number): string {
  return String(Number(value.toPrecision(9)));
}

function abbreviate(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
