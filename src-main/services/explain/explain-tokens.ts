/** The tokens that a step pushes most, up and down. */
import type { GrpoConfig } from '../../contract/config.ts';
import type { CompletionRecord, StepRecord } from '../../contract/engine.ts';
import { isOnPolicy } from './explain-ratio.ts';
import type { TokenTexts } from './token-texts.ts';
import { lossBeta, tokenTerms, type TokenTerms } from './token-terms.ts';
import type { TokenPush, TokenSection } from './types.ts';

/** Tokens shown in each direction. */
const SHOWN = 3;

/** Characters of the completion shown before a token. */
const CONTEXT = 24;

export function explainTokens(
  { groups, metrics }: StepRecord,
  config: GrpoConfig,
  { tokenText, missing }: TokenTexts,
): TokenSection {
  const beta = lossBeta(config, metrics);
  const all = groups.flatMap(({ row, completions }) => {
    // The same words from the same prompt are pushed alike; once is enough.
    const distinct = new Map(completions.map((completion, place) => [completion.text, { completion, place }]));
    return [...distinct.values()].flatMap(({ completion, place }) => {
      const terms = tokenTerms(completion, config, beta);
      const position = strongestToken(completion, terms);
      return position === null
        ? []
        : tokenPush(completion, position, { row, place, terms: terms[position], tokenText });
    });
  });
  const strongest = (sign: number) =>
    all
      .filter(({ coefficient }) => Math.sign(coefficient) === sign)
      .sort((a, b) => rounded(sign * b.coefficient) - rounded(sign * a.coefficient) || a.probability - b.probability)
      .slice(0, SHOWN);
  const pushes = [...strongest(1), ...strongest(-1)].sort((a, b) => b.coefficient - a.coefficient);
  const completions = groups.flatMap((group) => group.completions);
  return {
    pushes,
    sentences: tokenSentences(pushes, { config, beta, missing, onPolicy: isOnPolicy(metrics, completions) }),
  };
}

/** The place of the token with the largest coefficient; among equals the one the policy was least sure of. Null without tokens. */
function strongestToken({ policyLogps }: CompletionRecord, terms: TokenTerms[]): number | null {
  const size = ({ coefficient }: TokenTerms) => rounded(Math.abs(coefficient));
  const order = terms
    .map((_, t) => t)
    .sort((a, b) => size(terms[b]) - size(terms[a]) || policyLogps[a] - policyLogps[b]);
  return order.length === 0 ? null : order[0];
}

function tokenPush(
  { tokens, policyLogps, referenceLogps }: CompletionRecord,
  position: number,
  { row, place, terms, tokenText }: { row: number; place: number; terms: TokenTerms } & Pick<TokenTexts, 'tokenText'>,
): TokenPush {
  const { coefficient, fromAdvantage, fromKl } = terms;
  return {
    coefficient,
    fromAdvantage,
    fromKl,
    probability: Math.exp(policyLogps[position]),
    referenceProbability: referenceLogps === null ? null : Math.exp(referenceLogps[position]),
    token: tokens[position],
    text: tokenText === null ? null : tokenText(tokens[position]),
    before: tokenText === null ? null : textBefore(tokens, position, tokenText),
    row,
    completion: place,
    position,
  };
}

/** Coefficients that differ by less than a hundredth count as equal, so that the KL term alone does not decide between tokens. */
function rounded(coefficient: number): number {
  return Math.round(coefficient * 100);
}

function textBefore(tokens: Int32Array, position: number, tokenText: (id: number) => string): string {
  const start = Math.max(0, position - CONTEXT); // a token is rarely shorter than a character
  const text = Array.from(Array.from(tokens.subarray(start, position), tokenText).join(''));
  const cut = text.length > CONTEXT || start > 0;
  return `${cut ? '…' : ''}${text.slice(-CONTEXT).join('')}`;
}

function tokenSentences(
  pushes: TokenPush[],
  { config, beta, onPolicy, missing }: { config: GrpoConfig; beta: number; onPolicy: boolean; missing: string | null },
): string[] {
  if (pushes.length === 0) return ['No token is pushed: all gradient coefficients are zero.'];
  const formula =
    beta > 0 && (config.kl_estimator === 'k1' || config.kl_estimator === 'k2')
      ? 'the advantage A of its completion plus the pull of the KL term'
      : beta > 0
        ? 'A + beta × (π_ref/π − 1): the advantage A of its completion, and the pull of the KL term, where π and π_ref are the probabilities of the token under the policy and under the reference'
        : 'the advantage A of its completion (no KL term pulls)';
  return [
    `The push on a token, its gradient coefficient, is ${formula}. Above zero the token gets likelier. One that has a probability near 1 hardly moves whatever the push.`,
    ...(onPolicy
      ? []
      : [
          'The numbers are those of the last of several updates, where the loss counts A times the ratio, and less or not at all where it bounds the ratio.',
        ]),
    ...(missing === null ? [] : [missing]),
  ];
}
