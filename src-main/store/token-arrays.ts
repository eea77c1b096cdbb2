/** What is recorded of each token of a completion, as the database keeps it. */
import type { CompletionRecord } from '../contract/engine.ts';
import { toFloat32Array, toInt32Array } from './blobs.ts';

/** The columns of `completions` that `TokenBlobs` are selected from. */
export const tokenColumns = `tokens, sampling_logps AS samplingLogps, old_logps AS oldLogps, reference_logps AS referenceLogps,
      policy_logps AS policyLogps, entropies, coefficients`;

export interface TokenBlobs {
  tokens: Buffer;
  samplingLogps: Buffer;
  oldLogps: Buffer;
  referenceLogps: Buffer | null;
  policyLogps: Buffer;
  entropies: Buffer;
  coefficients: Buffer;
}

export function toTokenArrays(blobs: TokenBlobs): Pick<CompletionRecord, keyof TokenBlobs> {
  return {
    tokens: toInt32Array(blobs.tokens),
    samplingLogps: toFloat32Array(blobs.samplingLogps),
    oldLogps: toFloat32Array(blobs.oldLogps),
    referenceLogps: blobs.referenceLogps && toFloat32Array(blobs.referenceLogps),
    policyLogps: toFloat32Array(blobs.policyLogps),
    entropies: toFloat32Array(blobs.entropies),
    coefficients: toFloat32Array(blobs.coefficients),
  };
}
