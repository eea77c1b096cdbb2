/** Runs chat templates, which come with models from anywhere, within bounds: one that would never end or fill the memory is refused. */
import * as huggingFace from '@huggingface/jinja';

/** What is used of the library; its own declarations do not resolve under `moduleResolution: nodenext`. */
interface Jinja {
  Template: new (source: string) => { parsed: object };
  Environment: new () => { set(name: string, value: unknown): void };
  Interpreter: new (environment: object) => {
    run(program: object): { value: string };
    evaluate(node: object | undefined, environment: object): Value;
    evaluateBlock(statements: object[], environment: object): Value;
  };
}

interface Value {
  type: string;
  value?: unknown;
}

/** `object.property` or `object[property]`. */
interface Member {
  type: 'MemberExpression';
  object: object;
  property: { value?: unknown };
}

const { Environment, Interpreter, Template } = huggingFace as unknown as Jinja;

/** Templates in use take some thousand steps for a long conversation. A step may also handle 256 characters or elements. */
const MAX_STEPS = 500_000;
const MAX_TEXT = 2 ** 22;
const MAX_LIST = 2 ** 20;
const MAX_SOURCE = 2 ** 20;
/** jinja2's MAX_RANGE, which its sandbox allows. */
const MAX_RANGE = 100_000;

/** Stands in a syntax tree for an expression whose value is known. */
class Evaluated {
  readonly type = 'Evaluated';
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

function isMember(node: object | undefined): node is Member {
  return node !== undefined && 'type' in node && node.type === 'MemberExpression';
}

class BoundedInterpreter extends Interpreter {
  #steps = 0;

  override evaluate(node: object | undefined, environment: object): Value {
    this.#count(1);
    if (node instanceof Evaluated) return node.value;
    const result = super.evaluate(isMember(node) ? this.#member(node, environment) : node, environment);
    const { value } = result;
    if (typeof value === 'string') this.#handle(value.length, MAX_TEXT);
    else if (Array.isArray(value)) this.#handle(value.length, MAX_LIST);
    return result;
  }

  override evaluateBlock(statements: object[], environment: object): Value {
    this.#count(1); // a loop with nothing in it goes through here only
    return super.evaluateBlock(statements, environment);
  }

  /** As in jinja2, what is not there is empty, but has no fields. The library would give its fields as empty, too. */
  #member(node: Member, environment: object): Member {
    const value = this.evaluate(node.object, environment);
    if (value.type !== 'UndefinedValue') return { ...node, object: new Evaluated(value) };
    const { value: field } = node.property;
    const what = typeof field === 'string' ? `the field ${JSON.stringify(field)}` : 'an element';
    throw new Error(`it takes ${what} of something that is not there`);
  }

  #handle(length: number, limit: number): void {
    if (length > limit) throw new Error('it makes a text or a list that is too long');
    this.#count(length / 256);
  }

  #count(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new Error('it does not come to an end');
  }
}

/**
 * @throws Error when the source cannot be parsed
 * @returns renders it with variables; throws Error when it fails, or takes more steps or memory than any honest template
 */
export function compileTemplate(source: string): (variables: Readonly<Record<string, unknown>>) => string {
  if (source.length > MAX_SOURCE) throw new Error(`it has ${source.length} characters`);
  const { parsed } = new Template(source);
  return (variables) => {
    const environment = new Environment();
    environment.set('range', range);
    for (const [name, value] of Object.entries(variables)) environment.set(name, value);
    return new BoundedInterpreter(environment).run(parsed).value;
  };
}

/** Python's range, as a list. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_RANGE)) throw new Error(`it asks for a range of ${length} numbers`);
  return Array.from({ length }, (_, index) => from + index * step);
}
