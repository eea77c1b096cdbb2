/** Runs the JavaScript of a completion against the unit tests of its row, in the sandbox. */
import { z } from 'zod';
import type { DatasetRow } from '../../contract/dataset.ts';
import type { CodeTestsRule } from '../../contract/reward-rules/code-tests.ts';
import { compileExtraction, type Extractor } from '../extraction.ts';
import type { CompiledGroupRule, Verdict } from '../rule.ts';
import { kindOf, quote } from '../wording.ts';
import { limitsOf, Sandbox, type SandboxAnswer } from './sandbox.ts';
import type { CodeTest, ScriptJob } from './script-jobs.ts';

/** How many failing tests a verdict names. */
const namedFailures = 3;

const testSchema = z.union([
  z.string().transform((statement): CodeTest => ({ statement })),
  z.strictObject({ call: z.string(), expected: z.unknown().optional() }),
  z
    .strictObject({ expression: z.string(), expected: z.unknown().optional() })
    .transform(({ expression, expected }): CodeTest => ({ call: expression, expected })),
]);

/**
 * @param field the rule's place in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileCodeTests(rule: CodeTestsRule, field: string): CompiledGroupRule {
  const extract = rule.extract === undefined ? lastFencedBlock : compileExtraction(rule.extract, `${field}.extract`);
  const sandbox = new Sandbox();
  return {
    scoreGroups: async (groups, warn) => {
      const jobs: ScriptJob[] = [];
      const finish = groups.map((group) => {
        const tests = readTests(group.row, rule.column);
        return group.completions.map(({ text }) => {
          if (typeof tests === 'string') return () => ({ score: null, why: tests });
          const code = extract(text);
          if ('missing' in code) return () => ({ score: 0, why: `${code.missing} in the completion` });
          const place = jobs.push({ kind: 'tests', code: code.found, tests, limits: limitsOf(rule) }) - 1;
          return (answers: SandboxAnswer[]) => verdictOf(answers[place], tests, rule, warn);
        });
      });
      const answers = await sandbox.run(jobs, rule);
      return finish.map((group): Verdict[] => group.map((verdict) => verdict(answers)));
    },
    dispose: () => sandbox.dispose(),
  };
}

const lastFencedBlock: Extractor = (text) => {
  const block = [...text.matchAll(/^[ \t]*```[^\n`]*\n([\s\S]*?)^[ \t]*```/dgm)].at(-1);
  if (block !== undefined) {
    const [start, end] = block.indices![1]!;
    return { found: block[1], span: { start, end } };
  }
  return text.trim() === '' ? { missing: 'no code' } : { found: text, span: { start: 0, end: text.length } };
};

/** @returns the row's tests, or a sentence why there are none */
function readTests(row: DatasetRow, column: string): CodeTest[] | string {
  const value = row.columns[column];
  if (value === undefined || value === null) return `the row has no ${column}`;
  const list = typeof value === 'string' ? (parseList(value) ?? linesOf(value)) : value;
  if (!Array.isArray(list)) return `the row's ${column} is ${kindOf(value)}, not a list of tests or a script`;
  if (list.length === 0) return `the row's ${column} has no test`;
  const tests = z.array(testSchema).safeParse(list);
  if (tests.success) return tests.data;
  const at = Number(tests.error.issues[0].path[0]) + 1;
  return `test ${at} of the row's ${column} is neither a statement nor { call, expected }`;
}

function parseList(text: string): unknown[] | null {
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value : null;
  } catch {
    // Not JSON: a script.
    return null;
  }
}

const linesOf = (script: string) => script.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line));

function verdictOf(
  answer: SandboxAnswer,
  tests: CodeTest[],
  rule: CodeTestsRule,
  warn: (message: string) => void,
): Verdict {
  if ('skipped' in answer) {
    const why = `the code was ${answer.skipped}`;
    warn(why);
    return { score: null, why };
  }
  if ('problem' in answer) {
    const place = answer.line === null ? '' : ` (line ${answer.line})`;
    return { score: 0, why: `the code ${answer.problem}${place}` };
  }
  if (!('failures' in answer)) throw new Error('The sandbox answered another question.');
  const failed = answer.failures.flatMap((failure, index) =>
    failure === null ? [] : [`${nameOf(tests[index])} failed: ${failure}`],
  );
  const passed = tests.length - failed.length;
  const score = rule.mode === 'all' ? Number(failed.length === 0) : passed / tests.length;
  const more = failed.length > namedFailures ? `; and ${failed.length - namedFailures} more` : '';
  const named = failed.length === 0 ? '' : `: ${failed.slice(0, namedFailures).join('; ')}${more}`;
  return { score, why: `${passed} of ${tests.length} tests passed${named}` };
}

function nameOf(test: CodeTest): string {
  if ('statement' in test) return quote(test.statement.trim());
  const expected = test.expected === undefined ? '' : ` = ${quote(JSON.stringify(test.expected)).slice(1, -1)}`;
  return `${quote(test.call).slice(1, -1)}${expected}`;
}
