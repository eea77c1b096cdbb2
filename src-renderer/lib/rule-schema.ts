/** The JSON schema that the rules' forms are made of, and what a form needs to know of it. */

/** As far as the contract's rules use it. */
export interface Schema {
  type?: string;
  const?: unknown;
  enum?: string[];
  /** What each of `enum` means. */
  enumDescriptions?: string[];
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  additionalProperties?: unknown;
}

/** Settings as a person gave them: any may be missing or wrong. */
export type Values = Record<string, unknown>;

/** Which control a value of a schema is edited with. */
export type Control = 'choice' | 'flag' | 'number' | 'text' | 'flags' | 'list' | 'union' | 'group' | 'json';

export function controlOf(schema: Schema): Control {
  if (schema.oneOf !== undefined) return 'union';
  const real = withoutNull(schema);
  if (real.enum !== undefined) return 'choice';
  switch (real.type) {
    case 'boolean':
      return 'flag';
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return real.items?.enum === undefined ? 'list' : 'flags';
    case 'object':
      return real.properties === undefined ? 'json' : 'group';
    default:
      return 'text';
  }
}

/** The schema of the values other than null. */
export function withoutNull(schema: Schema): Schema {
  const real = schema.anyOf?.find(({ type }) => type !== 'null');
  return real === undefined ? schema : { ...real, ...schema, type: real.type ?? 'string' };
}

export const typeOf = (option: Schema): string => String(option.properties?.['type']?.const);

/** The option of a union whose `type` is this. */
export function optionOf(schema: Schema, type: unknown): Schema | undefined {
  return schema.oneOf?.find((option) => typeOf(option) === type);
}

/** A new value of a schema: its default, or the smallest that can stand; undefined where it may be left out. */
export function freshValue(schema: Schema): unknown {
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (schema.const !== undefined) return schema.const;
  if (schema.oneOf !== undefined) return freshValue(schema.oneOf[0]);
  switch (schema.type) {
    case 'object':
      return freshObject(schema);
    case 'array':
      return schema.items === undefined ? [] : [freshValue(schema.items)];
    case 'string':
      return '';
    default:
      return undefined;
  }
}

/** Only what has to be there: the rest keeps its defaults by being left out. */
export function freshObject({ properties = {}, required = [] }: Schema): Values {
  return Object.fromEntries(required.map((name) => [name, freshValue(properties[name])]));
}

/** Of a union of two kinds, what the values of one are in the other: what both have by the same name. */
export function freshOption(option: Schema, values: Values): Values {
  const kept = Object.entries(values).filter(([name]) => name !== 'type' && option.properties?.[name] !== undefined);
  return { ...freshObject(option), ...Object.fromEntries(kept), type: typeOf(option) };
}

/** `ignore_case` → `Ignore case`. */
export function wordsOf(name: string): string {
  const words = name.replaceAll('_', ' ').replace(/\b(json|ms|mb|kb)\b/g, (unit) => unitNames[unit]);
  return words[0].toUpperCase() + words.slice(1);
}

/** A description in the words of the form: `one_of` → “One of”. */
export function helpOf({ description = '' }: Schema): string {
  return description.replaceAll(/`([a-z_]+)`/g, (_, name: string) => `“${wordsOf(name)}”`).replaceAll('`', '');
}

const unitNames: Record<string, string> = { json: 'JSON', ms: '(ms)', mb: '(MiB)', kb: '(KiB)' };

/** A list without the value at a place, or with another there. */
export const replaceAt = <T>(list: readonly T[], place: number, ...values: T[]): T[] =>
  list.toSpliced(place, 1, ...values);

/** The values with the defaults of those that are left out. */
export function withDefaults(values: Values, schema: Schema | undefined): Values {
  const defaults = Object.entries(schema?.properties ?? {}).flatMap(([name, property]) =>
    property.default === undefined ? [] : [[name, property.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...values };
}

/** A setting as text; `otherwise` where it is left out or empty. */
export function textOf(value: unknown, otherwise = ''): string {
  if (value === undefined || value === null || value === '') return otherwise;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
