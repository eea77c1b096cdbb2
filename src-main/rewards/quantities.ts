/** Numbers with units: what people write after a number, and what one unit is in another of its kind. */
import { parseNumber } from './numbers.ts';

/** A number, and what was written with it; no unit where there was none. */
export interface Quantity {
  value: number;
  unit: string | null;
}

const metricPrefixes: Record<string, number> = {
  '': 1,
  n: 1e-9,
  µ: 1e-6,
  u: 1e-6,
  m: 1e-3,
  c: 1e-2,
  d: 1e-1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
};

/** Units that take metric prefixes, and their kinds. */
const metric: Record<string, string> = {
  m: 'm',
  g: 'g',
  s: 's',
  L: 'L',
  l: 'L',
  W: 'W',
  J: 'J',
  Hz: 'Hz',
  V: 'V',
  A: 'A',
  Pa: 'Pa',
  N: 'N',
};

/** Other units: the unit of the same kind above, and how many of it they are. */
const others: Record<string, [string, number]> = {
  min: ['s', 60],
  h: ['s', 3600],
  day: ['s', 86_400],
  week: ['s', 604_800],
  in: ['m', 0.0254],
  ft: ['m', 0.3048],
  yd: ['m', 0.9144],
  mi: ['m', 1609.344],
  oz: ['g', 28.349523125],
  lb: ['g', 453.59237],
  t: ['g', 1e6],
  mph: ['m/s', 0.44704],
};

/** Names in words, in the singular. Every other word is a unit of its own, equal to itself alone (`apple`, `apples`). */
const names: Record<string, string> = {
  meter: 'm',
  metre: 'm',
  gram: 'g',
  second: 's',
  sec: 's',
  liter: 'L',
  litre: 'L',
  minute: 'min',
  hour: 'h',
  hr: 'h',
  inch: 'in',
  inche: 'in',
  foot: 'ft',
  feet: 'ft',
  yard: 'yd',
  mile: 'mi',
  ounce: 'oz',
  pound: 'lb',
  tonne: 't',
  percent: '%',
  dollar: '$',
  euro: '€',
};

const longPrefixes: Record<string, string> = { kilo: 'k', centi: 'c', milli: 'm' };

const longest = 200;

/** The number at the beginning of a text, or after a currency sign, and the unit after it; null when there is none. */
export function parseQuantity(text: string): Quantity | null {
  const trimmed = text.trim();
  if (trimmed.length > longest) return null;
  const match = /^([-+−]?)([$€£¥₹]?)([\d.,]*\d(?:[eE][-+]?\d+)?)(?:\/(\d+))?\s*([^\d\s].*)?$/s.exec(
    trimmed.replaceAll('\\', ''),
  );
  if (match === null) return null;
  const [, sign, currency, digits, below = '1', rest = ''] = match;
  const above = parseNumber(sign + digits);
  if (above === null || Number(below) === 0) return null;
  const unit = currency === '' ? rest.replace(/[.,;!]+$/, '').trim() : currency;
  return { value: above / Number(below), unit: unit === '' ? null : unit };
}

/** How many `to` one `from` is; null when they are of different kinds. */
export function unitsIn(from: string, to: string): number | null {
  const [a, b] = [canonical(from), canonical(to)];
  return a.kind === b.kind ? a.size / b.size : null;
}

interface Size {
  kind: string;
  size: number;
}

/** km/h and miles per hour are of one kind, as are cm² and m^2. */
function canonical(unit: string): Size {
  const [first, ...below] = unit.split(/\s*\/\s*|\s+per\s+/).map(powerOf);
  return below.reduce((above, { kind, size }) => ({ kind: `${above.kind}/${kind}`, size: above.size / size }), first);
}

function powerOf(unit: string): Size {
  const match = /^(.*?)\s*(?:\^?\{?([23])\}?|([²³]))$/.exec(unit);
  if (match === null) return known(unit) ?? known(inWords(unit)) ?? unknown(unit);
  const power = match[2] === '2' || match[3] === '²' ? 2 : 3;
  const { kind, size } = powerOf(match[1]);
  return { kind: `${kind}^${power}`, size: size ** power };
}

function unknown(unit: string): Size {
  return { kind: inWords(unit).toLowerCase().replace(/s$/, ''), size: 1 };
}

function known(unit: string): Size | null {
  if (Object.hasOwn(others, unit)) return { kind: others[unit][0], size: others[unit][1] };
  const base = Object.keys(metric).find(
    (name) => unit.endsWith(name) && Object.hasOwn(metricPrefixes, unit.slice(0, -name.length)),
  );
  return base === undefined ? null : { kind: metric[base], size: metricPrefixes[unit.slice(0, -base.length)] };
}

/** The sign of a unit that is written in words; other texts as they are. */
function inWords(unit: string): string {
  const word = unit.toLowerCase().replace(/s$/, '');
  if (Object.hasOwn(names, word)) return names[word];
  if (Object.hasOwn(others, word)) return word;
  const prefix = Object.keys(longPrefixes).find((name) => word.startsWith(name));
  if (prefix === undefined) return unit;
  const base = word.slice(prefix.length);
  return Object.hasOwn(names, base) ? longPrefixes[prefix] + names[base] : unit;
}
