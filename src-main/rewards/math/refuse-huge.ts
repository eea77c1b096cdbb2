/** Refuses numbers that would take for ever to write out, before the algebra library tries: 9^9^9^9, a million factorial. */

/** MathJSON as it was read, nothing computed. */
type MathJson = unknown;

/** Most digits of a power, and the largest number whose factorial is taken. */
const mostDigits = 2000;
const largestFactorial = 1000;
/** Most steps of a sum or a product. */
const mostSteps = 10_000;

/** @returns the value where it is a plain number, else NaN @throws RangeError on numbers past the bounds */
export function refuseHuge(json: MathJson): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'object' && json !== null && 'num' in json) return Number((json as { num: string }).num);
  if (!Array.isArray(json)) return NaN;
  const [operator, ...operands] = json as [unknown, ...MathJson[]];
  const values = operands.map(refuseHuge);
  const [first, second = NaN] = values;
  switch (operator) {
    case 'Power':
      if (Math.abs(second) > 1e4 || Math.abs(second) * Math.log10(Math.abs(first) + 1) > mostDigits) throw huge();
      return first ** second;
    case 'Factorial':
    case 'Factorial2':
    case 'Gamma':
      if (Math.abs(first) > largestFactorial) throw huge();
      return NaN;
    case 'Binomial':
    case 'Choose':
      if (Math.abs(first) > 1e5) throw huge();
      return NaN;
    case 'Sum':
    case 'Product':
      // The later operands are the bounds: ["Tuple", "n", 1, 10].
      for (const bounds of operands.slice(1))
        if (Array.isArray(bounds) && bounds.some((bound) => Math.abs(refuseHuge(bound)) > mostSteps)) throw huge();
      return NaN;
    case 'Multiply':
    case 'InvisibleOperator':
      return values.reduce((product, value) => product * value, 1);
    case 'Add':
      return values.reduce((sum, value) => sum + value, 0);
    case 'Subtract':
      return first - second;
    case 'Negate':
      return -first;
    case 'Divide':
    case 'Rational':
      return first / second;
    case 'Delimiter':
      return first;
    default:
      return NaN;
  }
}

const huge = () => new RangeError('a number is too large to be written out');
