/** What the test bench found, as tables and sentences for a terminal. */
import type { BenchReport, GoldReport, RescoreReport, RuleDifference, Summary } from '../contract/rewards.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import { formatNumber, formatTable, indent, oneLine, plural, truncate } from './format.ts';
import type { Output } from './output.ts';

/** Completions of a group, and groups, that are shown in full. */
const SHOWN_GROUPS = 3;
const SHOWN_COMPLETIONS = 8;
const TEXT_WIDTH = 60;

const right = (title: string) => ({ title, align: 'right' as const });

export function sayBench(report: BenchReport, output: Output): void {
  output.say(`${plural(report.completions, 'completion')} in ${plural(report.groups, 'group')}.`);
  output.say(ruleTable(report));
  output.say(`Reward: ${summaryText(report.rewards)}.`);
  if (report.comparedGroups > 0) {
    const { zeroVarianceGroups, comparedGroups, groupStd } = report;
    output.say(
      `Groups: std ${formatNumber(groupStd)} within a group on average; ${zeroVarianceGroups} of ${comparedGroups} without differences.`,
    );
  }
  sayRemarks(report, output);
}

/** The completions of the first groups, with the verdict of each rule. */
export function saySamples({ samples }: BenchReport, output: Output): void {
  for (const group of samples.slice(0, SHOWN_GROUPS)) {
    const place = [group.step === null ? '' : `step ${group.step}`, group.row === null ? '' : `row ${group.row}`];
    const title = [...place.filter((part) => part !== ''), oneLine(truncate(group.prompt, TEXT_WIDTH))].join(', ');
    output.say(`\n${output.paint('bold', title)}`);
    if (group.completions.length > 1) output.say(`  Reward in this group: ${summaryText(group.rewards)}.`);
    for (const { text, reward, advantage, scores } of group.completions.slice(0, SHOWN_COMPLETIONS)) {
      const shown = oneLine(truncate(text, TEXT_WIDTH));
      output.say(`  ${shown}  reward ${formatNumber(reward)}, advantage ${formatNumber(advantage)}`);
      output.say(
        indent(
          formatTable(
            [{ title: 'RULE' }, right('SCORE'), { title: 'WHY' }],
            scores.map(({ rule, score, why }) => [rule, formatNumber(score), oneLine(why)]),
          ),
          4,
        ),
      );
    }
    const hidden = group.completions.length - SHOWN_COMPLETIONS;
    if (hidden > 0) output.say(`  … and ${plural(hidden, 'completion')} more.`);
  }
}

export function sayGold({ gold, ...report }: GoldReport, output: Output): void {
  const { rows, unwritten, perfect, judged, imperfect, reasons } = gold;
  const asked = rows - unwritten;
  if (judged.length > 0)
    output.say(`A perfect answer gets the best score in ${perfect} of ${plural(asked, 'row')} (${judged.join(', ')}).`);
  if (unwritten > 0) output.say(`No perfect answer could be written for ${plural(unwritten, 'row')}:`);
  for (const reason of reasons) output.say(`  ${oneLine(reason)}`);
  for (const { row, completion, missed } of imperfect) {
    output.say(`  row ${row}: ${oneLine(truncate(completion, TEXT_WIDTH))}`);
    for (const { rule, score, best, why } of missed)
      output.say(`    ${rule} gives ${formatNumber(score)} in place of ${formatNumber(best)}: ${oneLine(why)}`);
  }
  sayBench(report, output);
}

export function sayRescore(report: RescoreReport, output: Output): void {
  const { spearman, kendall, best, zeroVariance, steps } = report;
  const correlation = (name: string, { overall, withinGroups }: typeof spearman) => [
    name,
    formatNumber(withinGroups),
    formatNumber(overall),
  ];
  output.say(
    formatTable(
      [{ title: 'RANKS, OLD AND NEW' }, right('WITHIN GROUPS'), right('OVERALL')],
      [correlation('Spearman', spearman), correlation('Kendall', kendall)],
    ),
  );
  output.say(`The best completion changes in ${best.changed} of ${plural(best.compared, 'group')}.`);
  for (const { step, row, before, after } of best.examples.slice(0, SHOWN_GROUPS)) {
    output.say(`  step ${step}, row ${row}:`);
    const line = (what: string, { text, oldReward, newReward }: typeof before | typeof after) =>
      `    ${what} ${oneLine(truncate(text, TEXT_WIDTH))}  ${formatNumber(oldReward)} → ${formatNumber(newReward)}`;
    output.say(line('was', before));
    output.say(line('is ', after));
  }
  const { before, after, became, ceased } = zeroVariance;
  output.say(
    `Groups without differences: ${before} before, ${after} after (${became.count} more, ${ceased.count} less).`,
  );
  output.say(
    formatTable(
      [right('STEP'), right('OLD MEAN'), right('NEW MEAN')],
      spread(steps, 10).map((one) => [String(one.step), formatNumber(one.before), formatNumber(one.after)]),
    ),
  );
  output.say('');
  sayBench(report, output);
}

export function rulesTable(rules: readonly RewardRule[]): string {
  return formatTable(
    [{ title: 'RULE' }, { title: 'TYPE' }, right('WEIGHT'), { title: 'SETTINGS' }],
    rules.map(({ name, type, weight, enabled, metric_only, ...settings }) => [
      name,
      type,
      metric_only ? 'metric' : enabled ? formatNumber(weight) : 'off',
      truncate(oneLine(JSON.stringify(settings)), TEXT_WIDTH + 20),
    ]),
  );
}

export function differenceLines(differences: readonly RuleDifference[]): string[] {
  const lines = differences.flatMap(({ rule, kind, moved, fields }) => {
    if (kind === 'added') return [`+ ${rule}`];
    if (kind === 'removed') return [`- ${rule}`];
    const settings = fields.map(({ field, before, after }) => `    ${field}: ${written(before)} → ${written(after)}`);
    const place = moved ? ['    moved'] : [];
    return kind === 'unchanged' && !moved ? [] : [`~ ${rule}`, ...settings, ...place];
  });
  return lines.length === 0 ? ['No differences.'] : lines;
}

function written(value: unknown): string {
  return value === undefined ? '(none)' : oneLine(truncate(JSON.stringify(value), TEXT_WIDTH));
}

function ruleTable({ rules }: BenchReport): string {
  return formatTable(
    [
      { title: 'RULE' },
      { title: 'TYPE' },
      right('WEIGHT'),
      right('MEAN'),
      right('STD'),
      right('MIN'),
      right('MAX'),
      right('FIRED'),
      right('NO SCORE'),
      right('AGREES'),
    ],
    rules.map(({ rule, type, weight, scores, fired, unscored, agreement }) => [
      rule,
      type,
      formatNumber(weight),
      formatNumber(scores.mean),
      formatNumber(scores.std),
      formatNumber(scores.min),
      formatNumber(scores.max),
      String(fired),
      String(unscored),
      formatNumber(agreement),
    ]),
  );
}

function summaryText({ mean, std, min, max }: Summary): string {
  return `mean ${formatNumber(mean)}, std ${formatNumber(std)}, from ${formatNumber(min)} to ${formatNumber(max)}`;
}

function sayRemarks({ findings, warnings, notes }: BenchReport, output: Output): void {
  for (const { message } of findings) output.say(`${output.paint('yellow', 'warning:')} ${oneLine(message)}`);
  const said = findings.flatMap(({ code, rule }) => (code === 'not_scored_here' ? [rule] : []));
  for (const { rule, message, count } of warnings.filter(({ rule }) => !said.includes(rule))) {
    const [kind, where] = count === 0 ? ['warning:', rule] : ['not scored:', `${rule}, ${plural(count, 'completion')}`];
    output.say(`${output.paint('yellow', kind)} ${where}: ${oneLine(message)}`);
  }
  for (const note of notes) output.say(`Note: ${note}`);
}

function spread<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return Array.from({ length: count }, (_, index) => values[Math.round((index * (values.length - 1)) / (count - 1))]);
}
