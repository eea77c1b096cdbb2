/** Reads and works out arithmetic expressions of numbers, + − × ÷ and brackets, exactly: values are fractions of big integers. */

/** A fraction in lowest terms; the lower part is positive. */
export interface Rational {
  above: bigint;
  below: bigint;
}

export interface WorkedOut {
  value: Rational;
  /** The numbers of the expression, in order. */
  numbers: Rational[];
}

/** Bounds on an expression: what goes beyond is refused, so that the time of one is bounded too. */
const LONGEST = 1000;
const DEEPEST = 50;
const MOST_DIGITS = 30;

/** What an expression of LaTeX or typography is in plain signs. */
const plainSigns: [RegExp, string][] = [
  [/\\times|\\cdot|[×·⋅∗]/g, '*'],
  [/\\div|[÷∕]/g, '/'],
  [/[−–]/g, '-'],
  [/\\left|\\right/g, ''],
];

/** @returns the value and the numbers in it, or the fault that keeps the text from being an expression, in words */
export function workOut(text: string): WorkedOut | { fault: string } {
  if (text.length > LONGEST) return { fault: `is longer than ${LONGEST} characters` };
  const plain = plainSigns.reduce((result, [sign, mark]) => result.replace(sign, mark), text);
  const tokens = plain.match(/\d+(?:\.\d+)?|\S/g) ?? [];
  try {
    return new Reader(tokens).read();
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message };
    throw error;
  }
}

/** A whole or decimal number as a fraction, or null: `-3`, `2.5`. */
export function parseRational(text: string): Rational | null {
  const match = /^([-+]?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (match === null || match[0].length > MOST_DIGITS) return null;
  const [, sign, whole, decimals = ''] = match;
  const value = BigInt(whole + decimals);
  return reduce(sign === '-' ? -value : value, 10n ** BigInt(decimals.length));
}

/** `3`, `-7/2`. */
export function writeRational({ above, below }: Rational): string {
  return below === 1n ? String(above) : `${above}/${below}`;
}

class Fault extends Error {}

/** Recursive descent: sum := product (± product)*; product := factor (×÷ factor)*; factor := ± factor | (sum) | number. */
class Reader {
  readonly #tokens: readonly string[];
  readonly #numbers: Rational[] = [];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  read(): WorkedOut {
    if (this.#tokens.length === 0) throw new Fault('is empty');
    const value = this.#sum();
    if (this.#at < this.#tokens.length)
      throw new Fault(`has ${JSON.stringify(this.#tokens[this.#at])} where an operator belongs`);
    return { value, numbers: this.#numbers };
  }

  #take(...wanted: string[]): string | null {
    const token = this.#tokens[this.#at];
    if (!wanted.includes(token)) return null;
    this.#at++;
    return token;
  }

  #sum(): Rational {
    let left = this.#product();
    for (let sign = this.#take('+', '-'); sign !== null; sign = this.#take('+', '-')) {
      const right = this.#product();
      const second = right.above * left.below;
      left = reduce(left.above * right.below + (sign === '+' ? second : -second), left.below * right.below);
    }
    return left;
  }

  #product(): Rational {
    let left = this.#factor();
    for (let sign = this.#take('*', '/'); sign !== null; sign = this.#take('*', '/')) {
      const right = this.#factor();
      if (sign === '*') left = reduce(left.above * right.above, left.below * right.below);
      else if (right.above === 0n) throw new Fault('divides by zero');
      else left = reduce(left.above * right.below, left.below * right.above);
    }
    return left;
  }

  #factor(): Rational {
    if (++this.#depth > DEEPEST) throw new Fault(`is nested deeper than ${DEEPEST}`);
    try {
      const sign = this.#take('+', '-');
      if (sign !== null) {
        const value = this.#factor();
        return sign === '-' ? { above: -value.above, below: value.below } : value;
      }
      if (this.#take('(') !== null) {
        const value = this.#sum();
        if (this.#take(')') === null) throw new Fault('has a bracket that is not closed');
        return value;
      }
      return this.#number();
    } finally {
      this.#depth--;
    }
  }

  #number(): Rational {
    const token = this.#tokens.at(this.#at);
    if (token === undefined) throw new Fault('ends where a number belongs');
    const number = parseRational(token);
    if (number === null) throw new Fault(`has ${JSON.stringify(token)} where a number belongs`);
    this.#at++;
    this.#numbers.push(number);
    return number;
  }
}

function reduce(above: bigint, below: bigint): Rational {
  let [a, b] = [above < 0n ? -above : above, below < 0n ? -below : below];
  while (b !== 0n) [a, b] = [b, a % b];
  const divisor = below < 0n ? -a : a;
  return { above: above / divisor, below: below / divisor };
}
