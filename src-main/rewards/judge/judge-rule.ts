/** Scores completions by what a language model on this computer says of them. */
import { StudioError } from '../../contract/errors.ts';
import type { JudgeRule } from '../../contract/reward-rules/judge.ts';
import type { CompiledGroupRule, ScoredGroup, Verdict } from '../rule.ts';
import { quote } from '../wording.ts';
import { askJudge, requestBody } from './judge-client.ts';
import { whyNotLoopback } from './loopback.ts';
import { compileQuestions } from './questions.ts';
import { readScore, readScores } from './read-reply.ts';
import { ReplyCache } from './reply-cache.ts';

type Scores = { scores: number[]; reply: string } | { failed: string };

/** What is asked in one step, and how often it failed in a row. */
interface Round {
  failures: number;
  lastFailure: string;
  /** Told what costs no completion its score. */
  note: (message: string) => void;
}

/**
 * @param field the rule's place in the config, such as `rewards.0`
 * @param cacheFolder where replies are kept for other runs; left out: in memory only
 * @throws StudioError reward_invalid
 */
export function compileJudge(rule: JudgeRule, field: string, cacheFolder?: string): CompiledGroupRule {
  const refused = whyNotLoopback(rule.url);
  if (refused !== null) throw new StudioError('reward_invalid', refused, { field: `${field}.url` });
  if (!(rule.min < rule.max))
    throw new StudioError(
      'reward_invalid',
      `Rule "${rule.name}" has min ${rule.min} and max ${rule.max}; max must be greater.`,
      {
        field: `${field}.max`,
      },
    );
  const questionsOf = compileQuestions(rule, field);
  const cache = new ReplyCache(cacheFolder ?? null);
  const closing = new AbortController();

  /** Asks until a reply can be read; a judge that failed too often in this round is not asked. */
  async function ask(question: string, count: number, round: Round): Promise<Scores> {
    const body = requestBody(rule, question);
    const key = ReplyCache.keyOf(rule.url, body);
    const read = (reply: string) =>
      rule.mode === 'group' ? readScores(reply, count, rule.min, rule.max) : readScore(reply, rule.min, rule.max);
    const kept = rule.cache ? await cache.get(key, round.note) : null;
    if (kept !== null) {
      const known = read(kept);
      if ('scores' in known) return { ...known, reply: kept };
    }
    let failed = '';
    for (let attempt = 0; attempt <= rule.retries; attempt++) {
      if (round.failures >= rule.give_up_after)
        return { failed: `was not asked again: ${round.failures} requests in a row failed (it ${round.lastFailure})` };
      const reply = await askJudge(rule, body, closing.signal);
      const scores = 'text' in reply ? read(reply.text) : null;
      if (scores !== null && 'scores' in scores && 'text' in reply) {
        round.failures = 0;
        // Only replies that can be read are kept: rubbish is asked for again.
        if (rule.cache) await cache.set(key, reply.text, round.note);
        return { ...scores, reply: reply.text };
      }
      failed =
        'failed' in reply
          ? reply.failed
          : `gave a reply that ${(scores as { wrong: string }).wrong}: ${quote(reply.text)}`;
      round.failures++;
      round.lastFailure = failed;
    }
    return { failed };
  }

  return {
    scoreGroups: async (groups, warn) => {
      const round: Round = { failures: 0, lastFailure: '', note: (message) => warn(message, 0) };
      const tasks = groups.flatMap((group, index) =>
        questionsOf(group).map((question) => ({ index, question, count: group.completions.length })),
      );
      const known = new Map<string, Promise<Scores>>();
      const answers = await inParallel(tasks, rule.concurrency, ({ question, count }) => {
        const asked = known.get(question) ?? ask(question, count, round);
        known.set(question, asked);
        return asked;
      });
      const byGroup = groups.map((_, index) => answers.filter((_, task) => tasks[task].index === index));
      return groups.map((group, index) => verdictsOf(group, byGroup[index], rule, field, warn));
    },
    dispose: () => closing.abort(),
  };
}

function verdictsOf(
  group: ScoredGroup,
  answers: Scores[],
  rule: JudgeRule,
  field: string,
  warn: (message: string) => void,
): Verdict[] {
  const { min, max } = rule;
  return group.completions.map((_, place) => {
    const answer = rule.mode === 'group' ? answers[0] : answers[place];
    if ('failed' in answer) {
      const why = `the judge ${answer.failed}`;
      if (rule.on_failure === 'fail_run')
        throw new StudioError('reward_invalid', `Rule "${rule.name}": ${why}. Its on_failure is fail_run.`, { field });
      warn(why);
      return { score: rule.on_failure === 'zero' ? 0 : null, why };
    }
    const given = answer.scores[rule.mode === 'group' ? place : 0];
    return {
      score: (given - min) / (max - min),
      why: `the judge gave ${given} of ${min} to ${max}: ${quote(answer.reply)}`,
    };
  });
}

/** Runs `act` on every item, at most `width` at a time. @returns the results in the order of the items */
async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await act(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
