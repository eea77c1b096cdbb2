/** Says whether a script can be a reward rule, before anything is sampled and while it is typed. */
import type { JavascriptRule } from '../../contract/reward-rules/javascript.ts';
import { limitsOf, Sandbox } from './sandbox.ts';
import type { ScriptProblem } from './script-jobs.ts';

/** Longest time of what stands outside `score` when a script is checked, in milliseconds. */
const checkMs = 1000;

/** Runs the script without calling its `score`. @returns what is wrong with it, or null */
export async function checkScript(
  rule: Pick<JavascriptRule, 'source' | 'memory_mb' | 'stack_kb'>,
): Promise<ScriptProblem | null> {
  const sandbox = new Sandbox();
  try {
    const limited = { ...rule, timeout_ms: checkMs, budget_ms: 60_000 };
    const [answer] = await sandbox.run([{ kind: 'check', source: rule.source, limits: limitsOf(limited) }], limited);
    return 'problem' in answer ? answer : null;
  } finally {
    sandbox.dispose();
  }
}
