/** One run whose rules are all hostile but two: it trains to its end, and the two are scored as if they were alone. */
import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../contract/engine.ts';
import { exponentialSchema, hostilePatterns } from '../rewards/fixtures/hostile-patterns.ts';
import { hostileLimits, hostileScripts } from '../rewards/fixtures/hostile-scripts.ts';
import { grpo, rewards, rows, train } from './fixtures/training.ts';
import { probe } from './tensor/native-backend.ts';

const { available, why } = await probe();
const small = { num_iterations: 1, gradient_accumulation_steps: 1, save_steps: 0, beta: 0, max_steps: 1 };
const completions = 2;
const shape = { num_generations: completions, prompts_per_step: 1, temperature: 1 };

/** What stands outside `score` runs before the run starts, which refuses these. */
const refusedAtOnce = ['loop outside score', 'std module'];

interface HostileRule {
  rule: { name: string } & Record<string, unknown>;
  /** What its score may be, and what is said of it. */
  scores: (number | null)[];
  said: RegExp;
  /** Whether a score that is missing is a failure, of which the run warns. */
  fails: boolean;
}

const script = (source: string, said: RegExp | null) => ({
  type: 'javascript',
  source,
  ...hostileLimits(said),
  budget_ms: 120_000,
});

const scripts = hostileScripts
  .filter(([name]) => !refusedAtOnce.includes(name))
  .map(([, source, said], index): HostileRule => {
    const rule = { name: `script-${index}`, ...script(source, said) };
    return { rule, scores: [said === null ? 1 : null], said: said ?? /\S/, fails: said !== null };
  });

/** The hostile text stands in the dataset: what a model writes in a test is short. */
const column = (index: number) => `hostile-${index}`;
const patterns = hostilePatterns.map(([pattern, , matches], index): HostileRule => {
  const extract_expected = { type: 'regex', pattern, group: 0 };
  const rule = { name: `pattern-${index}`, type: 'answer_match', column: column(index), extract_expected };
  return { rule, scores: [matches === 1 ? 0 : null], said: matches === 1 ? /\S/ : /no match of/, fails: false };
});

const onCompletions = ['^(.+)+\\x00$', '^(([^<]*)*<)*\\x00$', '(.*)*.*.*.*\\x00', '^(?:.?){500}\\x00$'].map(
  (pattern, index): HostileRule => {
    const rule = { name: `completion-pattern-${index}`, type: 'regex', pattern };
    return { rule, scores: [0], said: /no match of/, fails: false };
  },
);

const schema: HostileRule = {
  rule: { name: 'schema', type: 'json_schema', schema: exponentialSchema, extract: { type: 'tag', tag: 'answer' } },
  scores: [0],
  said: /took longer than|no JSON|no <answer>/,
  fails: false,
};

const hostile = [...scripts, ...patterns, ...onCompletions, schema];
const trainRows = rows.map((row) => ({
  ...row,
  columns: { ...row.columns, ...Object.fromEntries(hostilePatterns.map(([, text], index) => [column(index), text])) },
}));

const warningsOf = (events: EngineEvent[]) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

describe.skipIf(!available)(`a run under attack${available ? '' : ` (${why})`}`, () => {
  test(`trains with ${hostile.length} hostile rules beside two honest ones`, { timeout: 600_000 }, async () => {
    expect(hostile.length).toBeGreaterThanOrEqual(60);
    const set = [...rewards, ...hostile.map(({ rule }) => rule)];
    const given = hostile.filter(({ scores: [score] }) => score === 1).length;
    const { events, steps } = await train(grpo({ ...small, ...shape, rewards: set }), { trainRows });
    expect(events.at(-1)).toEqual({ type: 'finished', step: 1, reason: 'completed' });

    const [{ groups }] = steps;
    expect(groups.map((group) => group.completions.length)).toEqual([completions]);
    const [group] = groups;
    const { answer } = rows.find(({ index }) => index === group.row)!.columns;
    for (const { text, reward, scores } of group.completions) {
      const accuracy = Number(/<answer>([^<]*)<\/answer>(?!.*<answer>)/s.exec(text)?.[1].trim() === answer);
      const format = Number(/^\s*<think>[^<]*<\/think>\s*<answer>[^<]*<\/answer>\s*$/.test(text));
      expect(scores.slice(0, 2).map(({ score }) => score)).toEqual([accuracy, format]);
      const wrong = hostile.flatMap(({ rule, scores: allowed, said }, index) => {
        const { rule: name, score, why } = scores[2 + index];
        const right = name === rule.name && allowed.includes(score) && said.test(why);
        return right ? [] : [{ source: rule.source ?? rule.pattern, name, score, why }];
      });
      expect(wrong).toEqual([]);
      expect(reward).toBeCloseTo(accuracy + 0.2 * format + given, 12);
    }

    const warnings = warningsOf(events);
    for (const { rule, fails } of hostile) {
      const told = warnings.filter((message) => message.startsWith(`rule ${rule.name}: `));
      expect(told.length, rule.name).toBe(fails ? 1 : 0);
      if (fails) expect(told[0]).toContain(`: ${completions} of ${completions} completions could not be scored: `);
    }
    expect(({} as Record<string, unknown>).score).toBeUndefined();
  });

  test.each(refusedAtOnce)('does not begin with the script "%s"', async (name) => {
    const [, source, said] = hostileScripts.find(([title]) => title === name)!;
    const set = [...rewards, { name: 'hostile', ...script(source, said) }];
    await expect(train(grpo({ ...small, ...shape, rewards: set }))).rejects.toMatchObject({ code: 'reward_invalid' });
  });
});
