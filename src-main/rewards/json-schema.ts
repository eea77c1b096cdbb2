/** The rule that asks for JSON of a certain form: 1 when the JSON in a completion keeps to the schema, else 0. */
import { createContext, Script } from 'node:vm';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { StudioError } from '../contract/errors.ts';
import type { RuleOf } from '../contract/reward-rules.ts';
import { compileExtraction } from './extraction.ts';
import { findJson } from './extract-json.ts';
import { compilePattern } from './pattern.ts';
import type { CompiledRule } from './rule.ts';
import { quote } from './wording.ts';

/** Longest time in milliseconds that a schema may take to compile, and to check one completion: some schemas take forever. */
const COMPILE_TIME = 5000;
const CHECK_TIME = 200;

const LONGEST_SCHEMA = 500_000;

/**
 * Patterns in the schema run in linear time. Formats are not checked, and no other schema is loaded.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when the schema is none
 */
export function compileJsonSchema(rule: RuleOf<'json_schema'>, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const validate = compileSchema(rule.schema, `${field}.schema`);
  return ({ text }) => {
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const { found, span } = extracted;
    const json = findJson(found);
    if (json === null) return { score: 0, why: `no JSON in ${quote(found)}`, spans: [span] };
    const at = { start: span.start + json.span.start, end: span.start + json.span.end };
    const others = found.slice(0, json.span.start) + found.slice(json.span.end);
    if (rule.only_json && others.trim() !== '') {
      return { score: 0, why: `text around the JSON: ${quote(others.trim())}`, spans: [at] };
    }
    const fault = check(validate, json.value);
    if (fault === null) return { score: 1, why: 'the JSON keeps to the schema', spans: [at] };
    return { score: 0, why: fault, spans: [at] };
  };
}

/** What first keeps a value from the schema, in words, or null. */
function check(validate: ValidateFunction, value: unknown): string | null {
  try {
    if (timeLimited(() => validate(value), CHECK_TIME)) return null;
  } catch (error) {
    if (isTimeout(error)) return `the schema took longer than ${CHECK_TIME} ms to check`;
    if (error instanceof RangeError) return 'the JSON is nested too deeply to check';
    throw error;
  }
  const [fault] = validate.errors ?? [];
  return `the JSON breaks the schema: ${quote(fault?.instancePath || '/')} ${fault?.message ?? 'is not allowed'}`;
}

function compileSchema(schema: Record<string, unknown>, field: string): ValidateFunction {
  try {
    if (JSON.stringify(schema).length > LONGEST_SCHEMA) throw new Error(`longer than ${LONGEST_SCHEMA} characters`);
    const draft = typeof schema.$schema === 'string' ? schema.$schema : '2020-12';
    const Compiler = draft.includes('2020-12') ? Ajv2020 : draft.includes('draft-07') ? Ajv : null;
    if (Compiler === null) throw new Error(`$schema is ${quote(draft)}; draft-07 and 2020-12 are known`);
    const options = {
      strict: false,
      validateFormats: false,
      ownProperties: true,
      logger: false,
      code: { regExp: linearRegExp(field) },
    } as const;
    return timeLimited(() => new Compiler(options).compile(schema), COMPILE_TIME);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    const fault = isTimeout(error) ? `took longer than ${COMPILE_TIME} ms to compile` : (error as Error).message;
    throw new StudioError(
      'reward_invalid',
      `${field} is no usable JSON Schema: ${fault}.`,
      { field },
      { cause: error },
    );
  }
}

/** The engine of ajv's patterns. */
function linearRegExp(field: string) {
  const engine = (pattern: string) => {
    const flags = { ignore_case: false, multiline: false, dot_all: false };
    const compiled = compilePattern(pattern, flags, field);
    return { test: (text: string) => compiled.test(text), toString: () => pattern }; // ajv keeps compiled patterns by their text
  };
  engine.code = 'linearRegExp'; // only written into modules that ajv generates, which are not used here
  return engine;
}

const limited: { run: (() => unknown) | null } = { run: null };
const context = createContext({ limited });
const script = new Script('limited.run()');

/**
 * Runs a function that cannot be made to look at a clock. A busy machine changes no verdict: what was stopped before it had half of
 * the time on a processor is run again, with more patience.
 *
 * @throws what it throws, and an error of its own after `limit` milliseconds
 */
function timeLimited<T>(run: () => T, limit: number): T {
  limited.run = run;
  try {
    for (let timeout = limit; ; timeout *= 4) {
      const begin = process.threadCpuUsage();
      try {
        return script.runInContext(context, { timeout }) as T;
      } catch (error) {
        const { user, system } = process.threadCpuUsage(begin);
        if (!isTimeout(error) || (user + system) / 1000 >= limit / 2) throw error;
      }
    }
  } finally {
    limited.run = null;
  }
}

function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
