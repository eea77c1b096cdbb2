/**
 * Runs chat templates, which come with models from anywhere, within bounds: one that would never end or fill the memory is refused.
 * They see values as Python does, and what a loop's body sets is forgotten at its end, as in jinja2.
 */
import * as huggingFace from '@huggingface/jinja';
import { areEqual, stringMethods, written, type Value } from './template-values.ts';

/** What is used of the library; its own declarations do not resolve under `moduleResolution: nodenext`. */
interface Jinja {
  Template: new (source: string) => { parsed: object };
  Environment: new (parent?: object) => { set(name: string, value: unknown): Value };
  Interpreter: new (environment: object) => {
    run(program: object): { value: string };
    evaluate(node: object | undefined, environment: object): Value;
    evaluateBlock(statements: object[], environment: object): Value;
  };
}

/** `object.property` or `object[property]`. */
interface Member {
  type: 'MemberExpression';
  computed: boolean;
  object: object;
  property: { value?: unknown };
}

interface Binary {
  type: 'BinaryExpression';
  operator: { value: string };
  left: object;
  right: object;
}

/** `operand | filter` or `operand | filter(…)`. */
interface Filter {
  type: 'FilterExpression';
  operand: object;
  filter: { value?: string; callee?: { value?: string }; args?: object[] };
}

interface For {
  type: 'For';
  body: object[];
}

type Node = Member | Binary | Filter | For | { type: 'Break' | 'Continue' } | { type: 'other' };

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

/** Stands in a syntax tree for the body of a loop: evaluated in an environment of its own each time. */
class Iteration {
  readonly type = 'Iteration';
  readonly statements: object[];
  left = false;

  constructor(statements: object[]) {
    this.statements = statements;
  }
}

/** `break` or `continue`, on its way to the loop with the text that was written before it. */
class Jump extends Error {
  readonly leaves: boolean;
  text = '';

  constructor(leaves: boolean) {
    super('it leaves a loop where there is none');
    this.leaves = leaves;
  }
}

/** Nodes that write nothing, or the text of the blocks in them. */
const statements = new Set(['Set', 'If', 'For', 'Macro', 'CallStatement', 'FilterStatement', 'Comment', 'Iteration']);

/** A value as the library keeps it. */
function libraryValue(value: unknown): Value {
  return typeof value === 'string' ? new Text(value) : new Environment().set('value', value);
}

const Text = new Environment().set('value', '').constructor as new (text: string) => Value;

class BoundedInterpreter extends Interpreter {
  #steps = 0;

  override evaluate(node: object | undefined, environment: object): Value {
    this.#count(1);
    if (node instanceof Evaluated) return node.value;
    if (node instanceof Iteration) return this.#iteration(node, environment);
    const result = this.#evaluate(node as Node | undefined, environment);
    const { value } = result;
    if (typeof value === 'string') this.#handle(value.length, MAX_TEXT);
    else if (Array.isArray(value)) this.#handle(value.length, MAX_LIST);
    return result;
  }

  override evaluateBlock(nodes: object[], environment: object): Value {
    this.#count(1); // a loop with nothing in it goes through here only
    let text = '';
    for (const node of nodes) {
      try {
        const value = this.evaluate(node, environment);
        const silent = value.type === 'NullValue' && 'type' in node && statements.has(String(node.type));
        if (!silent) text += written(value, this.#visit);
      } catch (error) {
        if (error instanceof Jump) error.text = text + error.text;
        throw error;
      }
    }
    return libraryValue(text);
  }

  #evaluate(node: Node | undefined, environment: object): Value {
    switch (node?.type) {
      case 'MemberExpression':
        return this.#member(node, environment);
      case 'FilterExpression':
        return this.#filter(node, environment);
      case 'BinaryExpression':
        return this.#binary(node, environment);
      case 'For':
        return super.evaluate({ ...node, body: [new Iteration(node.body)] }, environment);
      case 'Break':
      case 'Continue':
        throw new Jump(node.type === 'Break');
      default:
        return super.evaluate(node, environment);
    }
  }

  #iteration(iteration: Iteration, environment: object): Value {
    if (iteration.left) return libraryValue('');
    try {
      return this.evaluateBlock(iteration.statements, new Environment(environment));
    } catch (error) {
      if (!(error instanceof Jump)) throw error;
      iteration.left = error.leaves;
      return libraryValue(error.text);
    }
  }

  /** As in jinja2, what is not there is empty, but has no fields. The library would give its fields as empty, too. */
  #member(node: Member, environment: object): Value {
    const object = this.evaluate(node.object, environment);
    const { value: field } = node.property;
    if (object.type === 'UndefinedValue') {
      const what = typeof field === 'string' ? `the field ${JSON.stringify(field)}` : 'an element';
      throw new Error(`it takes ${what} of something that is not there`);
    }
    const method = object.type === 'StringValue' && !node.computed ? stringMethods.get(String(field)) : undefined;
    if (method) return libraryValue((...args: never[]) => method(object.value as string, ...args));
    return super.evaluate({ ...node, object: new Evaluated(object) }, environment);
  }

  #filter(node: Filter, environment: object): Value {
    let operand = this.evaluate(node.operand, environment);
    const name = node.filter.value ?? node.filter.callee?.value ?? '';
    if (name === 'items' && operand.type === 'UndefinedValue') return libraryValue([]);
    if (name === 'list' && operand.type === 'ObjectValue')
      return libraryValue([...(operand.value as Map<string, Value>).keys()]);
    if (name === 'string') return libraryValue(written(operand, this.#visit));
    if (operand.type === 'StringValue') {
      const text = operand.value as string;
      if (name === 'length') return libraryValue(Array.from(text).length);
      const method = name === 'trim' ? 'strip' : name === 'capitalize' ? name : null;
      const args = (node.filter.args ?? []).map((argument) => this.evaluate(argument, environment).value as never);
      if (method !== null) return libraryValue(stringMethods.get(method)!(text, ...args));
    }
    if (name === 'join' && Array.isArray(operand.value)) {
      operand = libraryValue((operand.value as Value[]).map((element) => written(element, this.#visit)));
    }
    return super.evaluate({ ...node, operand: new Evaluated(operand) }, environment);
  }

  #binary(node: Binary, environment: object): Value {
    const operator = node.operator.value;
    if (!['~', '==', '!='].includes(operator)) return super.evaluate(node, environment);
    const left = this.evaluate(node.left, environment);
    const right = this.evaluate(node.right, environment);
    if (operator === '~') return libraryValue(written(left, this.#visit) + written(right, this.#visit));
    return libraryValue(areEqual(left, right, this.#visit) === (operator === '=='));
  }

  readonly #visit = (length: number) => {
    this.#count(1);
    this.#handle(length, MAX_TEXT);
  };

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
  const { parsed } = new Template(source.replace(/\r\n?/g, '\n'));
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
