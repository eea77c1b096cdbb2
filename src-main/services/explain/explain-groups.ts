/** What the groups of a step can teach: which are right or wrong as a whole, and which have no differences at all. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { GroupRecord, StepRecord } from '../../contract/engine.ts';
import { succeeded } from '../../grpo/outcome.ts';
import { standardDeviation } from '../../grpo/statistics.ts';
import type { AdvantageSection, GroupSection } from './types.ts';
import { count, list, number } from '../../rewards/watchers/wording.ts';

/** Rewards whose standard deviation is below this are equal; the metric `frac_reward_zero_std` counts so too. */
const ZERO_DEVIATION = 1e-8;

/** A group's sum of advantages below this is zero but for rounding. */
const ZERO_SUM = 1e-6;

/** @param rule the first rule's name, which says what is right */
export function explainGroups({ groups, metrics }: StepRecord, rule: string): GroupSection {
  const verdicts = groups.map((group) => groupVerdict(group, rule));
  const having = (verdict: Verdict) => verdicts.filter((one) => one === verdict).length;
  const equal = groups.filter(hasEqualRewards);
  const numbers = {
    groups: groups.length,
    rule,
    allRight: having('allRight'),
    allWrong: having('allWrong'),
    mixed: having('mixed'),
    unjudged: having('unjudged'),
    zeroVariance: equal.length,
  };
  const pushed = equal.some(({ completions }) => completions.some(({ advantage }) => Math.abs(advantage) > ZERO_SUM));
  const dropped = metrics['groups/dropped'] ?? 0;
  const replayed = metrics['groups/replayed'] ?? 0;
  return {
    ...numbers,
    sentences: [
      breakdown(numbers),
      equalitySentence(numbers, pushed),
      ...droppedSentences(dropped),
      ...replayedSentences(replayed),
    ],
  };
}

type Verdict = 'allRight' | 'allWrong' | 'mixed' | 'unjudged';

function groupVerdict({ completions }: GroupRecord, rule: string): Verdict {
  const successes = completions
    .map(({ scores }) => succeeded(scores.find((score) => score.rule === rule)?.score ?? null))
    .filter((success) => success !== null);
  if (successes.length === 0) return 'unjudged';
  if (!successes.includes(true)) return 'allWrong';
  return successes.includes(false) ? 'mixed' : 'allRight';
}

function hasEqualRewards({ completions }: GroupRecord): boolean {
  const rewards = completions.flatMap(({ reward }) => reward ?? []);
  return rewards.length < 2 || standardDeviation(rewards) < ZERO_DEVIATION;
}

function breakdown({ groups, rule, allRight, allWrong, mixed, unjudged }: Omit<GroupSection, 'sentences'>): string {
  const parts = [
    `${allRight} all right`,
    `${allWrong} all wrong`,
    `${mixed} mixed`,
    ...(unjudged > 0 ? [`${unjudged} without a verdict`] : []),
  ];
  return `A group is all completions of one prompt. By rule ${rule}, of ${count(groups, 'group')}: ${list(parts)}.`;
}

/** @param pushed whether groups of equal rewards have advantages all the same, as with a KL penalty in the reward */
function equalitySentence({ groups, zeroVariance }: Omit<GroupSection, 'sentences'>, pushed: boolean): string {
  if (zeroVariance === 0) return 'Every group has different rewards, so every group teaches something.';
  const which = zeroVariance === groups ? 'every group' : count(zeroVariance, 'group');
  if (pushed) return `In ${which} all rewards are equal.`;
  const [whose, whom] = zeroVariance === 1 ? ['its', 'it'] : ['their', 'them'];
  return `In ${which} all rewards are equal: ${whose} advantages are 0 and the update learns nothing from ${whom}.`;
}

function droppedSentences(dropped: number): string[] {
  if (dropped === 0) return [];
  return [
    `Before that ${count(dropped, 'group')} without differences had been dropped, and other prompts sampled instead (dynamic_sampling).`,
  ];
}

function replayedSentences(replayed: number): string[] {
  if (replayed === 0) return [];
  return [
    `${count(replayed, 'group')} of these had been sampled in earlier steps and took the place of as many without differences (replay_groups).`,
  ];
}

/** Whether advantages compare a completion with its own group only: then they cancel within it. */
export function explainAdvantages(groups: readonly GroupRecord[], config: GrpoConfig): AdvantageSection {
  const sums = groups.map(({ row, completions }) => ({
    row,
    size: Math.abs(completions.reduce((total, { advantage }) => total + advantage, 0)),
  }));
  const largest = sums.reduce<{ row: number | null; size: number }>((a, b) => (b.size > a.size ? b : a), {
    row: null,
    size: 0,
  });
  const unbalancedGroups = sums.filter(({ size }) => size > ZERO_SUM).length;
  const meaning = 'An advantage says how much better a completion is than the others of its prompt.';
  const reason =
    config.advantage_baseline === 'none'
      ? 'No mean is subtracted from the rewards (advantage_baseline none).'
      : config.process_supervision !== undefined
        ? 'They are means over the tokens, each credited with the steps it leads to (process_supervision).'
        : 'So they do not compare a completion with its own group alone.';
  const sentence =
    unbalancedGroups === 0
      ? `They sum to zero in every group: the largest |sum| is ${number(largest.size)}${largest.size > 0 ? ', which is rounding' : ''}.`
      : `In ${unbalancedGroups} of ${count(groups.length, 'group')} they do not sum to zero; the largest |sum| is ${number(largest.size)}, in the group of dataset row ${largest.row}. ${reason}`;
  return { largestSum: largest.size, largestSumRow: largest.row, unbalancedGroups, sentences: [meaning, sentence] };
}
