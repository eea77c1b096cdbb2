/** Reads scores out of a judge's reply: JSON as asked for, wherever it stands in the text, or a single number. */
import { bracketEnd } from '../extract-json.ts';

/** The score of one completion on the judge's own scale, or what is wrong with the reply. */
export function readScore(reply: string, min: number, max: number): { scores: number[] } | { wrong: string } {
  for (const value of jsonObjects(reply)) {
    const score = value['score'] ?? value['rating'];
    if (score !== undefined) return inRange([score], min, max);
  }
  // 7/10 and "7 out of 10" are 7; any other second number leaves open which is meant.
  const numbers = reply.replace(/\/\s*\d+|\bout of \d+/gi, '').match(/-?\d+(?:\.\d+)?/g) ?? [];
  if (numbers.length !== 1) return { wrong: numbers.length === 0 ? 'holds no score' : 'holds more than one number' };
  return inRange([Number(numbers[0])], min, max);
}

/** The scores of `count` completions, from `scores` or from `ranking` (numbers of the answers, best first). */
export function readScores(
  reply: string,
  count: number,
  min: number,
  max: number,
): { scores: number[] } | { wrong: string } {
  for (const { scores, ranking } of jsonObjects(reply)) {
    if (Array.isArray(scores))
      return scores.length === count
        ? inRange(scores, min, max)
        : { wrong: `holds ${scores.length} scores for ${count} answers` };
    if (Array.isArray(ranking)) return fromRanking(ranking, count, min, max);
  }
  return { wrong: 'holds no list of scores' };
}

function inRange(scores: unknown[], min: number, max: number): { scores: number[] } | { wrong: string } {
  for (const score of scores) {
    if (typeof score !== 'number' || !Number.isFinite(score)) return { wrong: 'holds a score that is no number' };
    if (score < min || score > max) return { wrong: `holds the score ${score}, which is not from ${min} to ${max}` };
  }
  return { scores: scores as number[] };
}

function fromRanking(
  ranking: unknown[],
  count: number,
  min: number,
  max: number,
): { scores: number[] } | { wrong: string } {
  const places = Array.from({ length: count }, (_, index) => ranking.indexOf(index + 1));
  if (ranking.length !== count || places.includes(-1))
    return { wrong: `holds no ranking of the answers 1 to ${count}` };
  return { scores: places.map((place) => (count === 1 ? max : max - ((max - min) * place) / (count - 1))) };
}

/** The JSON objects in a text, the last first: models think aloud before they answer. At most 20 starts are tried. */
function* jsonObjects(text: string): Generator<Record<string, unknown>> {
  let start = text.length;
  for (let tries = 0; tries < 20; tries++) {
    start = text.lastIndexOf('{', start - 1);
    if (start < 0) return;
    const end = bracketEnd(text, start);
    const value = end === null ? null : parse(text.slice(start, end));
    if (value !== null) yield value;
    if (start === 0) return;
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // Braces of something else.
    return null;
  }
}
