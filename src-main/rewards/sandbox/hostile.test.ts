/** Hostile scripts: each is stopped within its limits, says why, and the next completion is scored as if nothing had been. */
import { afterAll, describe, expect, test } from 'vitest';
import { hostileLimits, hostileScripts, tightLimits } from '../fixtures/hostile-scripts.ts';
import { limitsOf, Sandbox } from './sandbox.ts';
import type { ScriptJob } from './script-jobs.ts';

const rule = { ...tightLimits, budget_ms: 300_000 };
const input = JSON.stringify({
  prompt: 'p',
  completion: 'text',
  reasoning: null,
  answer: 'text',
  row: {},
  tokens: [1],
});

const sandbox = new Sandbox();
afterAll(() => sandbox.dispose());

function job(source: string, limits = tightLimits): ScriptJob {
  return { kind: 'score', source, seed: null, input, limits: limitsOf({ ...rule, ...limits }) };
}

const body = (statements: string) => `function score(input) { ${statements} }`;

describe('hostile scripts', () => {
  test(`${hostileScripts.length} scripts are contained, and after each a plain one is scored`, async () => {
    expect(hostileScripts.length).toBeGreaterThanOrEqual(60);
    const plain = job(body('return typeof count === "undefined" ? input.tokens.length : -1'), hostileLimits(null));
    const answers = await sandbox.run(
      hostileScripts.flatMap(([, source, said]) => [job(source, hostileLimits(said)), plain]),
      rule,
    );
    const wrong = hostileScripts.flatMap(([name, , expected], index) => {
      const [answer, next] = answers.slice(2 * index, 2 * index + 2);
      const said = 'problem' in answer ? answer.problem : 'score' in answer ? answer.score : answer;
      const right = expected === null ? said === 1 : typeof said === 'string' && expected.test(said);
      const after = 'score' in next && next.score === 1;
      return right && after ? [] : [{ name, said, next }];
    });
    expect(wrong).toEqual([]);
  });

  test('time that all completions share is kept to: what is left is not run', async () => {
    const answers = await sandbox.run(new Array<ScriptJob>(200).fill(job(body('for (;;);'))), {
      ...rule,
      budget_ms: 900,
    });
    const skipped = { skipped: 'not run: the 900 ms for all completions of a step were over' };
    expect(answers).toHaveLength(200);
    expect(answers[199]).toEqual(skipped);
    for (const answer of answers) if ('problem' in answer) expect(answer.problem).toMatch(/ran longer than 60 ms/);
    expect(await sandbox.run([job(body('return 1'))], rule)).toEqual([{ score: 1 }]);
  });
});
