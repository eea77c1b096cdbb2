/** Scores completions by a function that a person wrote, run in the sandbox. */
import { createHash } from 'node:crypto';
import { StudioError } from '../../contract/errors.ts';
import type { JavascriptRule, ScoreInput } from '../../contract/reward-rules/javascript.ts';
import { compileExtraction, type Extracted } from '../extraction.ts';
import type { CompiledGroupRule, ScoredCompletion, ScoredGroup, Verdict } from '../rule.ts';
import { checkScript } from './check-script.ts';
import { limitsOf, Sandbox, type SandboxAnswer } from './sandbox.ts';
import type { ScriptJob } from './script-jobs.ts';

/**
 * @param field the rule's place in the config, such as `rewards.0`
 * @throws StudioError reward_invalid when the script does not run or has no function score; names its line and column
 */
export async function compileJavascript(rule: JavascriptRule, field: string): Promise<CompiledGroupRule> {
  const problem = await checkScript(rule);
  if (problem !== null) {
    const place = problem.line === null ? '' : ` (line ${problem.line}, column ${problem.column})`;
    throw new StudioError('reward_invalid', `The script of rule "${rule.name}" ${problem.problem}${place}.`, {
      field: `${field}.source`,
      ...(problem.line === null ? {} : { line: problem.line }),
    });
  }
  const sandbox = new Sandbox();
  return {
    scoreGroups: async (groups, warn) => {
      const jobs = groups.flatMap((group) => group.completions.map((completion) => scoreJob(rule, group, completion)));
      const answers = await sandbox.run(jobs, rule);
      const verdicts = answers.map((answer) => verdictOf(answer, warn));
      let next = 0;
      return groups.map((group) => group.completions.map(() => verdicts[next++]));
    },
    dispose: () => sandbox.dispose(),
  };
}

const reasoningOf = compileExtraction({ type: 'reasoning' }, '');
const answerOf = compileExtraction({ type: 'answer_part' }, '');

const foundOrNull = (extracted: Extracted) => ('found' in extracted ? extracted.found : null);

function scoreJob(rule: JavascriptRule, { prompt, row }: ScoredGroup, { text, tokens }: ScoredCompletion): ScriptJob {
  const input: ScoreInput = {
    prompt,
    completion: text,
    reasoning: foundOrNull(reasoningOf(text)),
    answer: foundOrNull(answerOf(text)) ?? text,
    row: row.columns,
    tokens: Array.from(tokens),
  };
  const seed = rule.seed === undefined ? null : drawSeed(rule.seed, prompt, text);
  return { kind: 'score', source: rule.source, seed, input: JSON.stringify(input), limits: limitsOf(rule) };
}

/** 32 bits that depend on nothing but the rule's seed, the prompt and the completion. */
function drawSeed(seed: number, prompt: string, completion: string): number {
  return createHash('sha256')
    .update(JSON.stringify([seed, prompt, completion]))
    .digest()
    .readInt32LE(0);
}

function verdictOf(answer: SandboxAnswer, warn: (message: string) => void): Verdict {
  if ('score' in answer) {
    const { score, why = score === null ? 'the script gave no score' : `the script gave ${score}`, spans } = answer;
    return { score, why, ...(spans === undefined ? {} : { spans }) };
  }
  const why = whyNot(answer);
  warn(why);
  return { score: null, why };
}

function whyNot(answer: SandboxAnswer): string {
  if ('skipped' in answer) return `the script was ${answer.skipped}`;
  if (!('problem' in answer)) throw new Error('The sandbox answered another question.');
  return `the script ${answer.problem}${answer.line === null ? '' : ` (line ${answer.line})`}`;
}
