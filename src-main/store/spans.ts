/** The parts of a text that decided a score, as the database keeps them: JSON, or NULL where there are none. */
import type { RuleScore, TextSpan } from '../contract/engine.ts';

export function toSpansColumn(spans: TextSpan[] | undefined): string | null {
  return spans === undefined ? null : JSON.stringify(spans);
}

/** @param row a score as it was read, `spans` as its column holds it */
export function toRuleScore({ spans, ...score }: StoredScore): RuleScore {
  return spans === null ? score : { ...score, spans: JSON.parse(spans) as TextSpan[] };
}

export interface StoredScore extends Omit<RuleScore, 'spans'> {
  spans: string | null;
}
