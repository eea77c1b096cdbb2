/** Turns zod's issues about a configuration into sentences a person can act on. */
import { z } from 'zod';
import { closest } from '../../store/closest.ts';
import type { Path } from './config-source.ts';

export interface Problem {
  path: Path;
  message: string;
}

/** More settings than this are not listed in a sentence. */
const MOST_LISTED = 20;

type Issue = z.core.$ZodIssue;

/**
 * @param schema the schema that `issues` come from; its field names give suggestions, its descriptions explain what is missing
 * @param values what was validated
 * @param what what a field is a setting of, for sentences: `a grpo run`
 * @param elsewhere fields that belong to something else, with a sentence on what: `batch_size` → `It is a setting of …`
 */
export function explainIssues(
  schema: z.ZodType,
  values: unknown,
  issues: Issue[],
  what: string,
  elsewhere: ReadonlyMap<string, string> = new Map(),
): Problem[] {
  const problems: Problem[] = [];
  const suggested = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const path = issue.path as Path;
    const { shape, name } = objectAt(schema, values, path);
    for (const key of issue.keys) {
      const [nearest] = closest(key, Object.keys(shape));
      if (nearest) suggested.add([...path, nearest].join('.'));
      const owner = path.length === 0 ? what : (name ?? `\`${path.join('.')}\``);
      const hint = nearest
        ? `Did you mean \`${nearest}\`?`
        : ((path.length === 0 ? elsewhere.get(key) : undefined) ?? listOf(Object.keys(shape)));
      problems.push({ path: [...path, key], message: `\`${key}\` is not a setting of ${owner}. ${hint}` });
    }
  }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') continue;
    const path = issue.path as Path;
    const missing = valueAt(values, path) === undefined;
    if (missing && suggested.has(path.join('.'))) continue;
    problems.push({
      path,
      message: missing ? explainMissing(schema, values, issue) : explainValue(issue, valueAt(values, path)),
    });
  }
  return problems;
}

function listOf(settings: string[]): string {
  return settings.length > MOST_LISTED ? 'None has a name like it.' : `It has: ${settings.join(', ')}.`;
}

function explainMissing(schema: z.ZodType, values: unknown, issue: Issue): string {
  const path = issue.path as Path;
  const field = path.at(-1);
  const { shape } = objectAt(schema, values, path.slice(0, -1));
  const description = shape[String(field)]?.description;
  const expected = expectation(issue);
  const where = path.length > 1 ? ` in \`${path.slice(0, -1).join('.')}\`` : '';
  return `\`${field}\` is missing${where}: ${phrase(description ?? expected ?? issue.message)}.`;
}

/** A sentence as it stands within another one: `A pattern.` → `a pattern`. */
function phrase(text: string): string {
  const start = /^[A-Z][a-z]* /.test(text) ? text.charAt(0).toLowerCase() : text.charAt(0);
  return `${start}${text.slice(1)}`.replace(/\.$/, '');
}

function explainValue(issue: Issue, value: unknown): string {
  const field = (issue.path as Path).join('.');
  if (issue.code === 'invalid_value' || issue.code === 'invalid_union') {
    const options = issue.code === 'invalid_value' ? issue.values : ((issue as { options?: unknown[] }).options ?? []);
    const [nearest] = typeof value === 'string' ? closest(value, options.map(String)) : [];
    const hint = nearest ? ` Did you mean \`${nearest}\`?` : '';
    return `\`${field}\` must be one of ${options.map(String).join(', ')}, not ${describe(value)}.${hint}`;
  }
  return `\`${field}\` must be ${expectation(issue) ?? issue.message}, not ${describe(value)}.`;
}

/** What a value should have been, to follow "must be". */
function expectation(issue: Issue): string | null {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return `one of ${((issue as { options?: unknown[] }).options ?? []).map(String).join(', ')}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive ? 'at least' : 'greater than', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'invalid_format':
      return issue.message.startsWith('Invalid') ? `text that matches ${issue.pattern ?? issue.format}` : issue.message;
    default:
      return null;
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
};

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'string') return limit === 1 ? 'text that is not empty' : `text of ${relation} ${limit} characters`;
  if (origin === 'array') return `a list of ${relation} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `${relation} ${limit}`;
}

function describe(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a group of settings';
  if (typeof value === 'string') return value === '' ? 'empty text' : `the text ${JSON.stringify(value)}`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], values);
}

/** The fields of the object that `path` leads to; of a union, those of the member that its discriminator picks. */
function objectAt(
  schema: z.ZodType,
  values: unknown,
  path: Path,
): { shape: Record<string, z.ZodType>; name: string | null } {
  let current = schema;
  let name: string | null = null;
  const settle = (depth: number) => {
    while (current instanceof z.ZodDefault || current instanceof z.ZodOptional) current = current.unwrap() as z.ZodType;
    if (!(current instanceof z.ZodDiscriminatedUnion)) return;
    const key = current.def.discriminator;
    const chosen = (valueAt(values, path.slice(0, depth)) as Record<string, unknown> | undefined)?.[key];
    const member = current.options.find((option) => {
      const literal: unknown = (option as z.ZodObject).shape[key];
      return literal instanceof z.ZodLiteral && literal.values.has(chosen as string);
    });
    name = `\`${path.slice(0, depth).join('.')}\`, which is of ${key} ${String(chosen)}`;
    current = (member ?? z.strictObject({})) as z.ZodType;
  };
  settle(0);
  path.forEach((key, index) => {
    name = null;
    if (current instanceof z.ZodObject) current = (current.shape[key] ?? z.strictObject({})) as z.ZodType;
    else if (current instanceof z.ZodArray) current = current.element as z.ZodType;
    settle(index + 1);
  });
  return { shape: current instanceof z.ZodObject ? current.shape : {}, name };
}
