/** `npm run -s bench:rewards`: completions a minute that reward rules score on one core, against the 100,000 of 200 tokens asked for. */
import type { z } from 'zod';
import { rewardRuleSchema } from '../src-main/contract/reward-rules.ts';
import { compileRules } from '../src-main/rewards/compile-rules.ts';
import { rulesOfPreset } from '../src-main/rewards/presets.ts';

type RuleInput = z.input<typeof rewardRuleSchema>;

const tokens = 200;
const wanted = 100_000; // completions a minute
const batch = 64; // groups of 8
const leastMs = 300;

/** About 200 tokens of reasoning, different in every completion, and an answer in each of the forms that rules look for. */
function textOf(index: number): string {
  const lines = Array.from({ length: 14 }, (_, step) => `Step ${step}: ${index + step} * 7 is ${(index + step) * 7}.`);
  const answer = `<answer>${index % 2 ? '55 * 2' : '2 + 55'}</answer>`;
  return `<think>${lines.join('\n')}</think>${answer} {"total": ${index}, "items": [1, 2]} \\boxed{\\frac{${index}}{2}} = ${index}`;
}

function groupsOf(round: number) {
  return Array.from({ length: batch }, (_, group) => {
    const first = (round * batch + group) * 8;
    const text = textOf(first);
    const columns = { answer: `so\n#### ${first}`, nums: [2, 55], target: 110, solution: `\\frac{${first}}{2}`, text };
    const completions = Array.from({ length: 8 }, (_, index) => ({
      text: textOf(first + index),
      tokens: Int32Array.from({ length: tokens }, (_, place) => (place * 7919 + first + index) % 5000),
    }));
    return { prompt: 'p', row: { index: group, prompt: 'p', columns }, completions };
  });
}

/** Milliseconds of processor time of the whole process, its threads included, for one completion. */
async function measure(rules: RuleInput[]): Promise<number> {
  const scorer = await compileRules(rules.map((rule) => rewardRuleSchema.parse(rule)));
  await scorer.scoreGroups(groupsOf(0));
  let [used, scored] = [0, 0];
  for (let round = 1; used < leastMs; round++) {
    const groups = groupsOf(round);
    const begin = process.cpuUsage();
    await scorer.scoreGroups(groups);
    const { user, system } = process.cpuUsage(begin);
    used += (user + system) / 1000;
    scored += groups.length * 8;
  }
  scorer.dispose();
  return used / scored;
}

const name = 'rule';
const math = { type: 'math', column: 'solution', extract: { type: 'boxed' } } as const;
const cases: [title: string, rules: RuleInput[]][] = [
  ...(['arithmetic', 'gsm8k', 'countdown', 'reverse_text', 'format_only', 'json_extraction'] as const).map(
    (preset): [string, RuleInput[]] => [`preset ${preset}`, rulesOfPreset(preset)],
  ),
  ['answer_match', [{ name, type: 'answer_match', compare: 'numeric', extract: { type: 'last_number' } }]],
  ['column_compare', [{ name, type: 'column_compare', operator: 'contains' }]],
  ['similarity, edit', [{ name, type: 'similarity', column: 'text' }]],
  ['similarity, rouge_l', [{ name, type: 'similarity', column: 'text', measure: 'rouge_l' }]],
  ['countdown', [{ name, type: 'countdown' }]],
  ['json_schema', [{ name, type: 'json_schema', schema: { type: 'object', required: ['total'] } }]],
  ['regex', [{ name, type: 'regex', pattern: '<answer>(.*)</answer>.*\\d+$' }]],
  ['pattern_count', [{ name, type: 'pattern_count', pattern: 'Step \\d+:', target: 10 }]],
  ['contains', [{ name, type: 'contains', texts: ['Step 3', 'boxed'], ignore_case: true }]],
  ['not_contains', [{ name, type: 'not_contains', texts: ['sorry', 'cannot'] }]],
  ['tag_count', [{ name, type: 'tag_count' }]],
  ['format', [{ name, type: 'format' }]],
  ['think_format', [{ name, type: 'think_format' }]],
  ['script', [{ name, type: 'script', script: 'Latin' }]],
  ['language', [{ name, type: 'language', language: 'en' }]],
  ['length_band', [{ name, type: 'length_band', min: 20, max: 400 }]],
  ['soft_overlong', [{ name, type: 'soft_overlong', max_length: 256, cache: 64 }]],
  ['repetition', [{ name, type: 'repetition' }]],
  ['cosine of answer_match', [{ name, type: 'cosine', correct: { type: 'answer_match' }, max_length: 400 }]],
  ['kimi_length of answer_match', [{ name, type: 'kimi_length', correct: { type: 'answer_match' } }]],
  ['math', [{ name, ...math }]],
];

console.log(`Processor time for completions of ${tokens} tokens; ${wanted} a minute are ${60_000 / wanted} ms each.`);
for (const [title, rules] of cases) {
  const each = await measure(rules);
  const perMinute = Math.round(60_000 / each);
  console.log(
    `  ${title.padEnd(28)} ${each.toFixed(3)} ms ${String(perMinute).padStart(10)} a minute${perMinute < wanted ? '  too slow' : ''}`,
  );
}
