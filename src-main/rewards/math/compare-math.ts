/** Says whether two answers mean the same: by their text, by algebra, and by numbers at several points. */
import { isNumber, type ComputeEngine, type Expression } from '@cortex-js/compute-engine';
import type { MathAnswer } from './math-jobs.ts';
import { longestMath, plainMath } from './plain-math.ts';
import { refuseHuge } from './refuse-huge.ts';
import { intervalOf, membersOf, relationOf } from './split-list.ts';

/** Values for the unknowns at which two expressions are compared: no value that answers are likely to single out. */
const points = [0.738_291, 1.618_407, 2.236_951, 0.419_733, 3.301_129];

export class MathComparer {
  readonly #engine: ComputeEngine;

  constructor(engine: ComputeEngine) {
    this.#engine = engine;
  }

  /** Whether a text can be read as mathematics, or is a short word such as a choice's letter. */
  readable(raw: string): boolean {
    if (raw.length > longestMath) return false;
    const { text } = plainMath(raw);
    if (/^[A-Za-z][A-Za-z ]{0,40}$/.test(text)) return true;
    const parts = membersOf(text) ?? relationOf(text)?.sides ?? [text];
    return text !== '' && this.#scoped(() => parts.every((part) => this.#read(part) !== null));
  }

  compare(answer: string, expected: string, tolerance: number): MathAnswer & { equal: boolean } {
    if (answer.length > longestMath) return { equal: false, how: `longer than ${longestMath} characters` };
    const [a, b] = [plainMath(answer), plainMath(expected)];
    if (a.text === '') return { equal: false, how: 'empty' };
    if (squeeze(a.text) === squeeze(b.text)) return { equal: true, how: 'the same' };
    return this.#scoped(() => {
      const unlike = a.percent !== b.percent;
      // 50% is 0.5, and 50 where the question asked for percent.
      if (this.#same(a.text, b.text, tolerance)) return { equal: true, how: 'equivalent' };
      if (unlike && this.#same(hundredth(a), hundredth(b), tolerance)) return { equal: true, how: 'equivalent' };
      return { equal: false, how: 'different' };
    });
  }

  #scoped<Result>(act: () => Result): Result {
    // What a text makes the engine suppose of a symbol must not reach the next.
    this.#engine.pushScope();
    try {
      return act();
    } finally {
      this.#engine.popScope();
    }
  }

  #same(a: string, b: string, tolerance: number): boolean {
    if (squeeze(a) === squeeze(b)) return true;
    const [left, right] = [membersOf(a), membersOf(b)];
    if (left !== null || right !== null) return this.#sameMembers(left ?? [a], right ?? [b], tolerance);
    const [first, second] = [relationOf(a), relationOf(b)];
    if (first !== null && second !== null) return this.#sameRelation(first, second, tolerance);
    // x = 5 answers 5, and the other way round; 2 + 3 = 5 as well.
    if (first?.relation === '=' || first?.relation === '\\in') return this.#same(first.sides[1], b, tolerance);
    if (second?.relation === '=' || second?.relation === '\\in') return this.#same(a, second.sides[1], tolerance);
    const [within, inside] = [intervalOf(a), intervalOf(b)];
    if (within !== null || inside !== null) {
      // x > 3 is (3, ∞), and not y > 3.
      if (within !== null && inside !== null && within.unknown !== inside.unknown) return false;
      return this.#sameValue(within?.interval ?? a, inside?.interval ?? b, tolerance);
    }
    return first === null && second === null && this.#sameValue(a, b, tolerance);
  }

  /** Each member of one has a partner of its own in the other. */
  #sameMembers(left: string[], right: string[], tolerance: number): boolean {
    if (left.length !== right.length || left.length > 50) return false;
    const open = [...right];
    return left.every((member) => {
      const partner = open.findIndex((other) => this.#same(member, other, tolerance));
      if (partner >= 0) open.splice(partner, 1);
      return partner >= 0;
    });
  }

  #sameRelation(first: Relation, second: Relation, tolerance: number): boolean {
    if (first.relation !== second.relation) return false;
    const [[a, b], [c, d]] = [first.sides, second.sides];
    if (this.#same(a, c, tolerance) && this.#same(b, d, tolerance)) return true;
    if (first.relation === '\\in') return false;
    const turned = first.relation === '=' || first.relation === '\\ne';
    if (turned && this.#same(a, d, tolerance) && this.#same(b, c, tolerance)) return true;
    return this.#sameUpToFactor(`(${a}) - (${b})`, `(${c}) - (${d})`, !turned);
  }

  /** The same line written otherwise: y = 2x + 1 and 2y - 4x = 2. The factor of an inequality is positive. */
  #sameUpToFactor(a: string, b: string, positive: boolean): boolean {
    const [x, y] = [this.#read(a), this.#read(b)];
    if (x === null || y === null) return false;
    const factors = this.#valuesOf(x, y).map(([left, right]) => left.re / right.re);
    const [factor] = factors;
    if (factors.length < 3 || !Number.isFinite(factor) || factor === 0 || (positive && factor < 0)) return false;
    return factors.every((other) => near(other, factor, 1e-12, 0));
  }

  #sameValue(a: string, b: string, tolerance: number): boolean {
    const [x, y] = [this.#read(a), this.#read(b)];
    if (x === null || y === null) return false;
    if (x.isSame(y)) return true;
    if (brackets(a) !== brackets(b)) return false;
    return this.#close(x, y, tolerance);
  }

  #close(x: Expression, y: Expression, tolerance: number): boolean {
    if (x.isSame(y)) return true;
    const [parts, others] = [partsOf(x), partsOf(y)];
    if (parts !== null || others !== null) {
      // Coordinates, intervals, matrices: place by place.
      if (parts === null || others === null || x.operator !== y.operator || parts.length !== others.length)
        return false;
      return parts.every((part, index) => this.#close(part, others[index], tolerance));
    }
    const isConstant = x.unknowns.length + y.unknowns.length === 0;
    if (isConstant) {
      const [left, right] = [x.evaluate(), y.evaluate()];
      if (left.isInteger === true && right.isInteger === true) return left.isSame(right);
    }
    // What cancels leaves a rest; what is written as a number does not: 1.6e-19 is not 0.
    const rest = isNumber(x) && isNumber(y) ? 0 : 1e-12;
    const alike = (left: number, right: number) => near(left, right, tolerance, rest);
    const values = this.#valuesOf(x, y);
    return (
      values.length >= (isConstant ? 1 : 3) &&
      values.every(([left, right]) => alike(left.re, right.re) && alike(left.im, right.im))
    );
  }

  /** The values of two expressions at several points, where both have one; where unknowns are negative it must be real. */
  #valuesOf(x: Expression, y: Expression): [Expression, Expression][] {
    const unknowns = [...new Set([...x.unknowns, ...y.unknowns])].sort();
    const trials = unknowns.length === 0 ? 1 : points.length + 2;
    const values: [Expression, Expression][] = [];
    for (let trial = 0; trial < trials; trial++) {
      const isSigned = trial >= points.length;
      const at = unknowns.map((name, place): [string, number] => {
        const value = points[(trial + place) % points.length] + place;
        return [name, isSigned && (trial + place) % 2 === 0 ? -value : value];
      });
      const both = [x, y].map((one) => one.subs(Object.fromEntries(at)).N()) as [Expression, Expression];
      if (both.every(({ re, im }) => Number.isFinite(re) && !(isSigned && im !== 0))) values.push(both);
    }
    return values;
  }

  #read(text: string): Expression | null {
    refuseHuge(this.#engine.parse(text, { form: 'raw' }).json);
    const expression = this.#engine.parse(text);
    return expression.isValid && expression.operator !== 'Error' && expression.operator !== 'Nothing'
      ? expression
      : null;
  }
}

type Relation = NonNullable<ReturnType<typeof relationOf>>;

const squeeze = (text: string) =>
  text
    .replace(/\s+/g, '')
    .replace(/\\frac(\d)(\d)/g, '\\frac{$1}{$2}')
    .toLowerCase();

const hundredth = ({ text, percent }: { text: string; percent: boolean }) => (percent ? `(${text})/100` : text);

/** The outer brackets of an interval or a tuple, which the reader of tuples does not keep. */
const brackets = (text: string) => {
  const match = /^([([])[\s\S]*,[\s\S]*([)\]])$/.exec(text);
  return match === null ? '' : `${match[1]}${match[2]}`;
};

const containers = new Set([
  'Tuple',
  'List',
  'Matrix',
  'Interval',
  'Open',
  'Closed',
  'Union',
  'Intersection',
  'Set',
  'Pair',
  'Triple',
  'Sequence',
]);

function partsOf(expression: Expression): readonly Expression[] | null {
  return containers.has(expression.operator)
    ? (expression as unknown as { ops: readonly Expression[] | null }).ops
    : null;
}

function near(a: number, b: number, relative: number, absolute: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Math.abs(a - b) <= Math.max(relative * Math.max(Math.abs(a), Math.abs(b)), absolute);
}
