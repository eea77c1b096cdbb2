/** Answers the sandbox's jobs in its worker thread: checks a script, calls its `score`, runs a completion's code against tests. */
import { ScriptFailure, type ScriptEngine, type ScriptSession } from './quickjs.ts';
import type { CodeTest, ScriptAnswer, ScriptJob, ScriptProblem, TestResults } from './script-jobs.ts';

/** @throws any error but the script's own: the engine is then in doubt */
export function answerScriptJob(engine: ScriptEngine, job: ScriptJob): ScriptAnswer {
  try {
    return engine.run(job.limits, (session) => {
      switch (job.kind) {
        case 'check':
          findScore(session, job.source);
          return { ok: true };
        case 'score':
          return score(session, job);
        case 'tests':
          return runTests(session, job.code, job.tests);
      }
    });
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): ScriptProblem {
  if (!(error instanceof ScriptFailure)) throw error;
  return { problem: error.message, line: error.line, column: error.column };
}

function score(session: ScriptSession, job: ScriptJob & { kind: 'score' }): ScriptAnswer {
  if (job.seed !== null) session.call('seedRandom', job.seed);
  const text = session.text(session.call('callScore', findScore(session, job.source), job.input));
  const answer = JSON.parse(text) as { problem: string } | { score: number | null };
  return 'problem' in answer ? { problem: answer.problem, line: null, column: null } : answer;
}

/** Runs the script and gives its `score`: a global, or the export `score` or `default` of a module. */
function findScore(session: ScriptSession, source: string) {
  if (!isModule(session, source)) {
    session.evaluate(source);
    const found = session.evaluate('typeof score === "function" ? score : null');
    if (session.typeOf(found) === 'function') return found;
  } else {
    const exports = session.settled(session.evaluate(source, 'module'));
    for (const name of ['score', 'default']) {
      const found = session.property(exports, name);
      if (session.typeOf(found) === 'function') return found;
    }
  }
  throw new ScriptFailure('defines no function score');
}

/** Whether a script exports or imports: it does not compile as anything but a module then. In a comment or a text the words mean nothing. */
function isModule(session: ScriptSession, source: string): boolean {
  if (!/^\s*(export|import)\b/m.test(source)) return false;
  try {
    session.compile(source, 'global');
    return false;
  } catch (error) {
    problemOf(error);
    return true;
  }
}

function runTests(session: ScriptSession, code: string, tests: CodeTest[]): TestResults {
  session.call('welcomeCode');
  // Code that a model writes as a module is run as a script: its functions are then global, as the tests expect.
  session.evaluate(
    code.replace(/^[ \t]*export\s+(default\s+)?(?=async\b|function\b|class\b|const\b|let\b|var\b)/gm, ''),
  );
  return {
    failures: tests.map((test) => {
      if (session.interrupted) return 'it was not run, for the time was over';
      try {
        return runTest(session, test);
      } catch (error) {
        return `it ${problemOf(error).problem}`;
      }
    }),
  };
}

function runTest(session: ScriptSession, test: CodeTest): string | null {
  if ('statement' in test) {
    // As a function's body, so that no global of the code can stand in for `assert`.
    const body = session.evaluate(`(async function (assert) { ${test.statement}\n})`);
    session.settled(session.call('callTest', body));
    return null;
  }
  const value = session.settled(session.evaluate(`(${test.call}\n)`));
  const why =
    test.expected === undefined
      ? session.call('untrue', value)
      : session.call('differs', value, JSON.stringify(test.expected));
  return session.text(why) || null;
}
