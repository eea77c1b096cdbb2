/** What the editor of a script suggests: what `score` is given, by the declarations of the studio, and what values of those types have. */
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete';

interface Declared {
  name: string;
  /** In TypeScript: `string | null`. */
  type: string;
  about: string;
}

/** Members of the declarations' `interface ScoreInput`, without those of types inside it. */
export function declaredInputs(declarations: string): Declared[] {
  const body = /interface ScoreInput \{\n([\s\S]*?)\n\}/.exec(declarations)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(?:\/\*\* (.*?) \*\/\n {2})?(\w+)\??: (.+);$/gm)].map(
    ([, about = '', name, type]) => ({
      name,
      type,
      about,
    }),
  );
}

const globals = { Math, JSON, Number, Object, Array } as const;

/** Members that every engine still has, and nobody should use. */
const outdated =
  /^(constructor|prototype|arguments|caller|anchor|big|blink|bold|fixed|font\w+|italics|link|small|strike|sub|sup|substr|trimLeft|trimRight|toLocale\w+)$/;

const membersOf = (object: object): Completion[] =>
  Object.getOwnPropertyNames(object)
    .filter((name) => /^[A-Za-z]\w*$/.test(name) && !outdated.test(name))
    .map((label) => ({ label, type: isMethod(object, label) ? 'function' : 'property' }));

const isMethod = (object: object, name: string) =>
  typeof Object.getOwnPropertyDescriptor(object, name)?.value === 'function';

/** Members of a value by its declared type. */
function membersOfType(type: string): Completion[] {
  if (type.startsWith('string')) return membersOf(String.prototype);
  return type.startsWith('Array') ? membersOf(Array.prototype) : [];
}

const skeleton = `export function score({ completion, answer, row }) {
  const right = answer.trim() === String(row.answer);
  return { score: right ? 1 : 0, why: right ? 'right' : 'wrong' };
}
`;

/**
 * @param columns names of the columns that a row has, as far as they are known
 */
export function completeScore(declarations: string, columns: () => readonly string[]): CompletionSource {
  const inputs = declaredInputs(declarations);
  const variables: Completion[] = [
    ...inputs.map(({ name, type, about }) => ({ label: name, type: 'variable', detail: type, info: about, boost: 20 })),
    ...Object.keys(globals).map((label) => ({ label, type: 'class' })),
    {
      label: 'score',
      type: 'function',
      detail: 'a whole rule',
      info: 'Writes a function to begin with.',
      apply: skeleton,
    },
  ];
  return (context: CompletionContext): CompletionResult | null => {
    const member = context.matchBefore(/\b\w+\??\.\w*$/);
    if (member !== null) {
      const [owner] = member.text.split(/\??\./, 1);
      const options = membersOfOwner(owner, inputs, columns());
      return options.length === 0
        ? null
        : { from: member.from + member.text.lastIndexOf('.') + 1, options, validFor: /^\w*$/ };
    }
    const word = context.matchBefore(/\w+$/);
    if (word === null && !context.explicit) return null;
    return { from: word?.from ?? context.pos, options: variables, validFor: /^\w*$/ };
  };
}

function membersOfOwner(owner: string, inputs: readonly Declared[], columns: readonly string[]): Completion[] {
  if (owner === 'row') return columns.map((label) => ({ label, type: 'property', detail: 'column' }));
  if (owner in globals) return membersOf(globals[owner as keyof typeof globals]);
  const declared = inputs.find(({ name }) => name === owner);
  return declared === undefined ? [] : membersOfType(declared.type);
}
