/** What Python makes of the values in a chat template, where @huggingface/jinja 0.5 does as JavaScript does. */

export interface Value {
  type: string;
  value?: unknown;
}

/** Called with the length of every text on the way, so that a caller can bound the work. */
type Visit = (length: number) => void;

/** Python's str(): what a template writes of a value. */
export function written(value: Value, visit: Visit): string {
  if (value.type === 'UndefinedValue') return '';
  return value.type === 'StringValue' ? (value.value as string) : represented(value, visit);
}

/** Python's ==, but for dictionaries in another order. */
export function areEqual(left: Value, right: Value, visit: Visit): boolean {
  const isNumber = ({ value }: Value) => typeof value === 'number' || typeof value === 'boolean';
  if (isNumber(left) && isNumber(right)) return Number(left.value) === Number(right.value);
  return left.type === right.type && represented(left, visit) === represented(right, visit);
}

/** Python's repr(). */
function represented(value: Value, visit: Visit): string {
  const text = representation(value, (part) => represented(part, visit));
  visit(text.length);
  return text;
}

function representation({ type, value }: Value, part: (value: Value) => string): string {
  switch (type) {
    case 'BooleanValue':
      return value === true ? 'True' : 'False';
    case 'NullValue':
      return 'None';
    case 'UndefinedValue':
      return 'Undefined';
    case 'FloatValue':
      return Number.isInteger(value) ? (value as number).toFixed(1) : String(value);
    case 'StringValue':
      return quoted(value as string);
    case 'ArrayValue':
      return `[${(value as Value[]).map(part).join(', ')}]`;
    case 'TupleValue':
      return `(${(value as Value[]).map(part).join(', ')}${(value as Value[]).length === 1 ? ',' : ''})`;
    case 'ObjectValue':
    case 'NamespaceValue': {
      const entries = [...(value as Map<string, Value>)].map(([key, element]) => `${quoted(key)}: ${part(element)}`);
      return `{${entries.join(', ')}}`;
    }
    default:
      return String(value);
  }
}

/** A text as Python writes it in code: in single quotes unless it has only these inside, with what cannot be printed escaped. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\p{C}\p{Z}]/gu, (char) => (char === ' ' ? char : (named.get(char) ?? escape(char))));
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote;
}

const named = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escape(char: string): string {
  const code = char.codePointAt(0)!;
  const [letter, digits] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).padStart(digits, '0')}`;
}

/** A character of Python's `str.isspace`. */
const whiteSpace = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;

function stripper(left: boolean, right: boolean): (text: string, chars?: string | null) => string {
  return (text, chars = null) => {
    const all = Array.from(text);
    const goes = (char: string) => (chars === null ? whiteSpace.test(char) : chars.includes(char));
    let [start, end] = [0, all.length];
    if (left) while (start < end && goes(all[start])) start++;
    if (right) while (start < end && goes(all[end - 1])) end--;
    return all.slice(start, end).join('');
  };
}

function rightSplit(text: string, separator: string, most = Infinity): string[] {
  const parts = text.split(separator);
  const first = Math.max(0, parts.length - 1 - most);
  return [parts.slice(0, first + 1).join(separator), ...parts.slice(first + 1)];
}

/** Python's methods of texts that the library lacks, or whose arguments it ignores. */
export const stringMethods = new Map<string, (text: string, ...args: never[]) => unknown>([
  ['strip', stripper(true, true)],
  ['lstrip', stripper(true, false)],
  ['rstrip', stripper(false, true)],
  ['capitalize', (text) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase()],
  ['removeprefix', (text, prefix: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)],
  ['removesuffix', (text, end: string) => (end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text)],
  ['splitlines', (text) => text.replace(/\r?\n$|\r$/, '').split(/\r\n|\r|\n/)],
  ['rsplit', rightSplit],
  ['count', (text, part: string) => text.split(part).length - 1],
  ['join', (text, parts: Value[]) => parts.map(({ value }) => value).join(text)],
]);
