/** Puts two evaluations beside each other, prompt by prompt, and says which is better. */
import type { ComparedCompletion, EvaluationDifference, EvaluationPair } from '../../contract/api/compare.ts';
import { rewardRulesOf } from '../../contract/config.ts';
import type { EvaluationRecord, EvaluationSample } from '../../contract/engine.ts';
import type { StoredRun } from '../../store/interfaces.ts';
import { comparePaired } from './paired-bootstrap.ts';

/** With fewer prompts than this an interval says little. */
const FEW_PROMPTS = 30;

/** A difference below this is written with three decimals, others with two. */
const SMALL = 0.01;

export interface Evaluated {
  run: StoredRun;
  /** How a person tells it from the others. */
  label: string;
  evaluation: EvaluationRecord;
}

/** What all of these can be measured by: `reward`, then the rules they share. */
export function sharedMeasures(runs: readonly StoredRun[]): string[] {
  const [first = [], ...others] = runs.map(({ run }) => rewardRulesOf(run).map(({ name }) => name));
  if (first.length === 0) return [];
  return ['reward', ...first.filter((name) => others.every((names) => names.includes(name)))];
}

export function compareEvaluations(first: Evaluated, second: Evaluated, measure: string): EvaluationPair {
  const ends = {
    first: { run: first.run.id, step: first.evaluation.step },
    second: { run: second.run.id, step: second.evaluation.step },
  };
  const without = (sentence: string): EvaluationPair => ({ ...ends, sentence, result: null, notes: [] });
  const { run: a } = first;
  const { run: b } = second;
  if (a.evalDatasetHash === null || a.evalDatasetHash !== b.evalDatasetHash) {
    return without(`${second.label} and ${first.label} were evaluated on different rows, so they cannot be paired.`);
  }
  const pairs = pairSamples(first.evaluation, second.evaluation, measure);
  if (pairs.length === 0) {
    return without(`No prompt has a score for “${measure}” in both ${second.label} and ${first.label}.`);
  }
  const result = comparePaired(
    pairs.map((pair) => pair.firstScore),
    pairs.map((pair) => pair.secondScore),
  );
  return {
    ...ends,
    result,
    sentence: sentenceOf(first, second, result),
    notes: notesOf(first, second, measure, result),
  };
}

/** Prompts that both answered, those that differ most first. */
export function evaluationDifferences(
  first: EvaluationRecord,
  second: EvaluationRecord,
  measure: string,
): EvaluationDifference[] {
  return pairSamples(first, second, measure)
    .map(({ a, b, firstScore, secondScore }) => ({
      row: a.row,
      prompt: a.prompt,
      difference: secondScore - firstScore,
      first: toCompletion(a),
      second: toCompletion(b),
    }))
    .sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference) || x.row - y.row);
}

function pairSamples(first: EvaluationRecord, second: EvaluationRecord, measure: string) {
  const byRow = new Map(second.samples.map((sample) => [sample.row, sample]));
  return first.samples.flatMap((a) => {
    const b = byRow.get(a.row);
    const firstScore = scoreOf(a, measure);
    const secondScore = b === undefined ? null : scoreOf(b, measure);
    return b === undefined || firstScore === null || secondScore === null ? [] : [{ a, b, firstScore, secondScore }];
  });
}

function scoreOf(sample: EvaluationSample, measure: string): number | null {
  if (measure === 'reward') return sample.reward;
  return sample.scores.find(({ rule }) => rule === measure)?.score ?? null;
}

function toCompletion({ text, tokens, finishReason, reward, scores }: EvaluationSample): ComparedCompletion {
  return { text, length: tokens.length, finishReason, reward, advantage: null, scores };
}

function sentenceOf(first: Evaluated, second: Evaluated, result: NonNullable<EvaluationPair['result']>): string {
  const { difference, low, high, prompts, wins, losses } = result;
  const [A, B] = namesOf(first, second);
  const on = `on ${prompts.toLocaleString('en')} ${prompts === 1 ? 'prompt' : 'prompts'}`;
  if (wins + losses === 0) return `${B} and ${A} score the same ${on}.`;
  // An end that only rounding makes 0 would contradict the sentence.
  const nearest = low <= 0 && high >= 0 ? Math.abs(difference) : Math.min(Math.abs(low), Math.abs(high));
  const digits = nearest < SMALL ? 3 : 2;
  const text = (value: number) => decimals(value, digits);
  if (low > 0) return `${B} is better than ${A} by ${text(difference)} [${text(low)}, ${text(high)}] ${on}.`;
  if (high < 0) return `${B} is worse than ${A} by ${text(-difference)} [${text(-high)}, ${text(-low)}] ${on}.`;
  const signed = `${Number(difference.toFixed(digits)) > 0 ? '+' : ''}${text(difference)}`;
  return `No clear difference between ${B} and ${A}: ${signed} [${text(low)}, ${text(high)}] ${on}.`;
}

/** A run against itself goes by its steps. */
function namesOf(first: Evaluated, second: Evaluated): [string, string] {
  if (first.run.id !== second.run.id) return [first.label, second.label];
  const at = (step: number) => (step === 0 ? 'before training' : `at step ${step}`);
  return [`itself ${at(first.evaluation.step)}`, `${second.label} ${at(second.evaluation.step)}`];
}

function notesOf(
  first: Evaluated,
  second: Evaluated,
  measure: string,
  { prompts }: NonNullable<EvaluationPair['result']>,
): string[] {
  const notes: string[] = [];
  const rulesOf = ({ run }: Evaluated) => {
    const rules = rewardRulesOf(run.run);
    if (measure === 'reward') return JSON.stringify(rules);
    // A weight changes the reward, not the rule's own score.
    return JSON.stringify(rules.filter(({ name }) => name === measure).map((rule) => ({ ...rule, weight: 1 })));
  };
  if (rulesOf(first) !== rulesOf(second)) {
    notes.push(
      measure === 'reward'
        ? 'Their rewards come from different rules: choose a rule that both have.'
        : `The rule “${measure}” has other settings in the one than in the other.`,
    );
  }
  if (prompts < FEW_PROMPTS) notes.push('With so few prompts the interval is rough.');
  const all = Math.max(first.evaluation.samples.length, second.evaluation.samples.length);
  if (prompts < all)
    notes.push(`${all - prompts} of ${all} prompts have no score in one of the two, and are left out.`);
  return notes;
}

/** With a real minus sign, and none before a zero. */
function decimals(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
