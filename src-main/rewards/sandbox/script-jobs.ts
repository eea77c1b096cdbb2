/** What the sandbox's worker thread is asked and answers. */
import type { TextSpan } from '../rule.ts';
import type { ScriptLimits } from './quickjs.ts';

/** A test of a completion's code: an expression and its value, or one statement that throws when it fails. */
export type CodeTest = { call: string; expected?: unknown } | { statement: string };

export type ScriptJob =
  | { kind: 'check'; source: string; limits: ScriptLimits }
  | { kind: 'score'; source: string; seed: number | null; input: string; limits: ScriptLimits }
  | { kind: 'tests'; code: string; tests: CodeTest[]; limits: ScriptLimits };

/** `problem` goes on from "the script …", such as `threw TypeError: …`. */
export interface ScriptProblem {
  problem: string;
  line: number | null;
  column: number | null;
}

export interface ScriptScore {
  score: number | null;
  why?: string;
  spans?: TextSpan[];
}

/** For each test null when it passed, else why not, going on from the test's text; or what kept the code from running. */
export type TestResults = { failures: (string | null)[] } | ScriptProblem;

export type ScriptAnswer = { ok: true } | ScriptProblem | ScriptScore | TestResults;
