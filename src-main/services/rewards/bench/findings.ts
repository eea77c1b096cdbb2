/** What looks wrong with a rule set: signs, scales, rules that say nothing, groups that teach nothing. */
import type { RewardRule } from '../../../contract/reward-rules.ts';
import type { BenchFinding, RuleSummary } from '../../../contract/rewards.ts';
import { outcomeOf, rangeOf } from './rule-range.ts';
import { weightOf, type Tallied } from './tally.ts';

/** From this correlation on a rule works against the one that says what is right; weaker ones are chance, or length. */
const OPPOSED = -0.3;
/** Completions from which a correlation, or a rule that never fires, says something. */
const ENOUGH = 10;
/** One rule's pull over that of another, from which the other is lost in it; what says what is right may outweigh the others more. */
const DWARFS = 10;
const OUTCOME_DWARFS = 50;
/** Share of groups without differences that is worth a warning: half of the sampling is wasted. */
const MOSTLY = 0.5;

/**
 * @param rules the enabled ones, in the order of the tally
 * @param firstWhy the first sentence of a rule without a score, by its place
 */
export function findFindings(
  rules: readonly RewardRule[],
  tallied: Tallied,
  firstWhy: (place: number) => string | null,
): BenchFinding[] {
  return [
    ...signs(rules, tallied.rules),
    ...scales(rules, tallied),
    ...tallied.rules.flatMap((summary, place) => silence(rules[place], summary, firstWhy(place))),
    ...differences(tallied),
  ];
}

function signs(rules: readonly RewardRule[], summaries: readonly RuleSummary[]): BenchFinding[] {
  const outcome = outcomeOf(rules);
  return rules.flatMap((rule, place): BenchFinding[] => {
    const { name: named } = rule;
    const weight = weightOf(rule);
    const found = (message: string): BenchFinding[] => [{ code: 'wrong_sign', rule: named, message }];
    const [, best] = rangeOf(rule) ?? [0, 1];
    if (weight < 0 && best <= 0)
      return found(
        `${named} only takes away, and its weight ${weight} turns that into a bonus. Make the weight positive.`,
      );
    if (rule === outcome)
      return weight < 0 ? found(`${named} says what is right, and its weight ${weight} punishes it.`) : [];
    const { agreement, scores } = summaries[place];
    if (weight === 0 || agreement === null || agreement > OPPOSED || scores.count < ENOUGH) return [];
    return found(
      `With its weight ${weight}, ${named} gives more to completions that ${outcome?.name} scores lower (correlation ${agreement.toFixed(2)} within groups). If that is not what it is for, change the sign of its weight.`,
    );
  });
}

/** Compares how far rules move the reward: as they did, where completions differ; else as they can. */
function scales(rules: readonly RewardRule[], { rules: summaries, comparedGroups }: Tallied): BenchFinding[] {
  const pulls = rules.map((rule, place) => {
    if (comparedGroups > 0 && summaries[place].contribution !== null) return summaries[place].contribution;
    const range = rangeOf(rule);
    return range === null ? 0 : Math.abs(weightOf(rule)) * (range[1] - range[0]);
  });
  const largest = Math.max(...pulls);
  const giant = rules[pulls.indexOf(largest)];
  const limit = giant === outcomeOf(rules) ? OUTCOME_DWARFS : DWARFS;
  return rules.flatMap((rule, place): BenchFinding[] => {
    const pull = pulls[place];
    if (pull === 0 || pull * limit > largest) return [];
    const times = Math.round(largest / pull);
    const message = `${giant.name} moves the reward ${times} times as much as ${rule.name} does, which is lost in it. Lower the weight of ${giant.name}, or clip it, or raise the weight of ${rule.name}.`;
    return [{ code: 'dwarfed', rule: rule.name, message }];
  });
}

function silence(rule: RewardRule, summary: RuleSummary, why: string | null): BenchFinding[] {
  const { name: named, type } = rule;
  const { scores, unscored, fired } = summary;
  if (type === 'reward_model' && unscored > 0)
    return [
      {
        code: 'not_scored_here',
        rule: named,
        message: `${named} is a reward model, which needs the engine: it was not scored here and is no part of these rewards.`,
      },
    ];
  if (scores.count === 0 && unscored > 0) {
    const message = `${named} applied to no completion. The first: ${why ?? 'no reason was given'}.`;
    return [{ code: 'never_applies', rule: named, message }];
  }
  const isPenalty = (rangeOf(rule)?.[1] ?? 1) <= 0 || weightOf(rule) < 0;
  if (scores.count < ENOUGH || fired > 0 || isPenalty) return [];
  const message = `${named} gave all ${scores.count} completions 0. Look at its reasons: its extraction or its column may be wrong.`;
  return [{ code: 'never_fires', rule: named, message }];
}

function differences({ comparedGroups, zeroVarianceGroups, rewards }: Tallied): BenchFinding[] {
  if (comparedGroups === 0 || zeroVarianceGroups === 0) return [];
  if (rewards.min === rewards.max) {
    const message = `Every completion gets the reward ${rewards.min}: nothing can be learned from it.`;
    return [{ code: 'constant_reward', rule: null, message }];
  }
  if (zeroVarianceGroups < MOSTLY * comparedGroups) return [];
  const message = `In ${zeroVarianceGroups} of ${comparedGroups} groups all completions get the same reward: they teach nothing. Problems of medium difficulty, or a rule with partial credit, would make differences.`;
  return [{ code: 'zero_variance', rule: null, message }];
}
