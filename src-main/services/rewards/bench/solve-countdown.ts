/** Finds an expression that makes a target of given numbers: the perfect answer of the countdown game. */

interface Term {
  value: number;
  text: string;
}

/** Pairs that are tried at most: enough for every game of four numbers, and most of five. */
const mostPairs = 200_000;

/**
 * @param use whether all of the numbers must be used, or some
 * @returns null when there is none, or none was found soon
 */
export function solveCountdown(numbers: readonly number[], target: number, use: 'all' | 'some'): string | null {
  let pairs = 0;
  const isTarget = ({ value }: Term) => Math.abs(value - target) < 1e-9 * Math.max(1, Math.abs(target));

  function search(terms: readonly Term[]): string | null {
    const hit = terms.length === 1 || use === 'some' ? terms.find(isTarget) : undefined;
    if (hit !== undefined) return hit.text;
    for (let i = 0; i < terms.length; i++) {
      for (let j = i + 1; j < terms.length; j++) {
        if (++pairs > mostPairs) return null;
        const rest = terms.filter((_, index) => index !== i && index !== j);
        for (const joined of joinedBy(terms[i], terms[j])) {
          const found = search([...rest, joined]);
          if (found !== null) return found;
        }
      }
    }
    return null;
  }

  return search(numbers.map((value) => ({ value, text: value < 0 ? `(${value})` : String(value) })));
}

function joinedBy(a: Term, b: Term): Term[] {
  const join = (left: Term, sign: string, right: Term, value: number) => ({
    value,
    text: `(${left.text} ${sign} ${right.text})`,
  });
  return [
    join(a, '+', b, a.value + b.value),
    join(a, '*', b, a.value * b.value),
    join(a, '-', b, a.value - b.value),
    join(b, '-', a, b.value - a.value),
    ...(b.value === 0 ? [] : [join(a, '/', b, a.value / b.value)]),
    ...(a.value === 0 ? [] : [join(b, '/', a, b.value / a.value)]),
  ];
}
