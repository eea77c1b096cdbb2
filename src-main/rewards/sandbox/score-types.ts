/** The types of a script's `score` as TypeScript declarations, for the editor's autocompletion: written from the contract's schemas. */
import { z } from 'zod';
import { scoreInputSchema, scoreOutputSchema } from '../../contract/reward-rules/javascript.ts';

interface JsonSchema {
  type?: string | string[];
  description?: string;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: unknown;
}

/** The text of a `.d.ts` file. */
export function scoreTypes(): string {
  const input = z.toJSONSchema(scoreInputSchema) as JsonSchema;
  const output = z.toJSONSchema(scoreOutputSchema) as JsonSchema;
  return [
    `/** What \`score\` is called with. */\ninterface ScoreInput ${typeOf(input, '')}\n`,
    `/** What \`score\` returns. */\ntype ScoreOutput = ${typeOf(output, '')};\n`,
    '/** Scores one completion; a higher score is better, null means that the rule does not apply. */',
    'declare function score(input: ScoreInput): ScoreOutput;\n',
  ].join('\n');
}

/** A schema of one of the few kinds that the contract uses, as a TypeScript type. @throws Error for any other kind */
function typeOf(schema: JsonSchema, indent: string): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((part) => typeOf(part, indent)).join(' | ');
  const { type } = schema;
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, indent)).join(' | ');
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type;
    case 'array':
      return `Array<${typeOf(schema.items ?? {}, indent)}>`;
    case 'object':
      return schema.properties === undefined ? 'Record<string, unknown>' : objectType(schema, indent);
    default:
      throw new Error(`No declaration is written for the schema ${JSON.stringify(schema)}.`);
  }
}

function objectType({ properties = {}, required = [] }: JsonSchema, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const about = property.description === undefined ? '' : `${inner}/** ${property.description} */\n`;
    return `${about}${inner}${name}${required.includes(name) ? '' : '?'}: ${typeOf(property, inner)};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}
