/** The rule of the countdown game: an expression that makes the target of the given numbers scores 1. */
import type { DatasetRow } from '../contract/dataset.ts';
import type { RuleOf } from '../contract/reward-rules.ts';
import { parseRational, workOut, writeRational, type Rational } from './arithmetic.ts';
import { notApplicable, readColumn } from './comparison.ts';
import { compileExtraction } from './extraction.ts';
import type { CompiledRule } from './rule.ts';
import { quote } from './wording.ts';

/**
 * What stands before an equals sign is the expression; its value is worked out, whatever stands behind. An expression that is none, or
 * takes numbers that were not given, scores 0; one that misses the target `score_missed`.
 * @param field where the rule stands in the config, such as `rewards.0`
 * @throws StudioError reward_invalid
 */
export function compileCountdown(rule: RuleOf<'countdown'>, field: string): CompiledRule {
  const extract = compileExtraction(rule.extract, `${field}.extract`);
  const { numbers_column: numbersColumn, target_column: targetColumn, use, score_missed: scoreMissed } = rule;
  return ({ text }, row) => {
    const given = givenNumbers(row, numbersColumn);
    if (given === null) return notApplicable(`column ${quote(numbersColumn)} holds no list of numbers`);
    const target = givenNumber(row, targetColumn);
    if (target === null) return notApplicable(`column ${quote(targetColumn)} holds no number`);
    const extracted = extract(text);
    if ('missing' in extracted) return { score: 0, why: `${extracted.missing} in the completion` };
    const spans = [extracted.span];
    const expression = extracted.found.split('=', 1)[0].trim();
    const result = workOut(expression);
    if ('fault' in result) return { score: 0, why: `${quote(expression)} ${result.fault}`, spans };
    const value = `${quote(expression)} is ${writeRational(result.value)}`;
    const fault = misuse(result.numbers, given, use);
    if (fault !== null) return { score: 0, why: `${value}, but ${fault}`, spans };
    const isHit = result.value.above === target.above && result.value.below === target.below;
    const aim = `the target is ${writeRational(target)}`;
    return { score: isHit ? 1 : scoreMissed, why: isHit ? `${value}, the target` : `${value}, but ${aim}`, spans };
  };
}

/** How an expression's numbers break the rule of the game, in words, or null. */
function misuse(used: readonly Rational[], given: readonly Rational[], use: 'all' | 'some'): string | null {
  const left = given.map(writeRational);
  for (const number of used.map(writeRational)) {
    const at = left.indexOf(number);
    if (at < 0) {
      const wasGiven = given.some((one) => writeRational(one) === number);
      return wasGiven ? `${number} is used more often than it is given` : `${number} is not among the given numbers`;
    }
    left.splice(at, 1);
  }
  return use === 'all' && left.length > 0 ? `${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} not used` : null;
}

/** The numbers of a list, of its JSON, or of a text with numbers in it. */
function givenNumbers(row: DatasetRow, column: string): Rational[] | null {
  const value = readColumn(row, column);
  if ('missing' in value) return null;
  const texts = Array.isArray(value.found) ? value.found : String(value.found).match(/-?\d+(?:\.\d+)?/g);
  const numbers = (texts ?? []).map((text) => parseRational(String(text)));
  return numbers.length === 0 || numbers.includes(null) ? null : (numbers as Rational[]);
}

function givenNumber(row: DatasetRow, column: string): Rational | null {
  const value = readColumn(row, column);
  if ('missing' in value || (typeof value.found !== 'number' && typeof value.found !== 'string')) return null;
  return parseRational(String(value.found));
}
