/**
 * Turns logits into the distribution a token is drawn from, in transformers' order: repetition penalty, temperature, top-k, top-p,
 * min-p. A filtered token gets the logit −∞.
 */

export interface LogitFilters {
  temperature: number;
  top_k: number;
  top_p: number;
  min_p: number;
  repetition_penalty: number;
}

/**
 * @param logits of one position [V]; changed in place
 * @param previous tokens of the prompt and the completion so far, for the repetition penalty
 */
export function filterLogits(logits: Float32Array, previous: Iterable<number>, filters: LogitFilters): void {
  if (filters.repetition_penalty !== 1) penalizeRepetition(logits, previous, filters.repetition_penalty);
  if (filters.temperature !== 1) for (let v = 0; v < logits.length; v++) logits[v] /= filters.temperature;
  if (filters.top_k > 0 && filters.top_k < logits.length) keepTopK(logits, filters.top_k);
  if (filters.top_p < 1) keepTopP(logits, filters.top_p);
  if (filters.min_p > 0) keepMinP(logits, filters.min_p);
}

/** CTRL (arXiv 1909.05858) §4.1: logits of tokens seen before move towards −∞, whatever their sign. */
function penalizeRepetition(logits: Float32Array, previous: Iterable<number>, penalty: number): void {
  for (const token of new Set(previous)) {
    logits[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty;
  }
}

/** Keeps the k largest logits, and any that tie with the last of them. */
function keepTopK(logits: Float32Array, k: number): void {
  const threshold = Float32Array.from(logits).sort()[logits.length - k];
  for (let v = 0; v < logits.length; v++) if (logits[v] < threshold) logits[v] = -Infinity;
}

/** Nucleus sampling (arXiv 1904.09751): keeps the likeliest tokens until their probabilities reach p; always at least one. */
function keepTopP(logits: Float32Array, p: number): void {
  const probabilities = softmax(logits);
  const ascending = Uint32Array.from(logits.keys()).sort((a, b) => logits[a] - logits[b] || a - b);
  let dropped = 0;
  for (let i = 0; i < ascending.length - 1; i++) {
    dropped += probabilities[ascending[i]];
    if (dropped > 1 - p) break;
    logits[ascending[i]] = -Infinity;
  }
}

/** Drops tokens whose probability is below `share` of the likeliest one's (arXiv 2407.01082). */
function keepMinP(logits: Float32Array, share: number): void {
  const threshold = maximum(logits) + Math.log(share);
  for (let v = 0; v < logits.length; v++) if (logits[v] < threshold) logits[v] = -Infinity;
}

/** @returns probabilities [V] in float64 */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const largest = maximum(logits);
  const probabilities = new Float64Array(logits.length);
  let total = 0;
  for (let v = 0; v < logits.length; v++) {
    probabilities[v] = Math.exp(logits[v] - largest);
    total += probabilities[v];
  }
  for (let v = 0; v < logits.length; v++) probabilities[v] /= total;
  return probabilities;
}

function maximum(values: ArrayLike<number>): number {
  let largest = -Infinity;
  for (let i = 0; i < values.length; i++) if (values[i] > largest) largest = values[i];
  return largest;
}

/** @returns log-probability in nats of `token` under softmax(logits / temperature) */
export function logProbability(logits: ArrayLike<number>, token: number, temperature: number): number {
  const largest = maximum(logits);
  let total = 0;
  for (let v = 0; v < logits.length; v++) total += Math.exp((logits[v] - largest) / temperature);
  return (logits[token] - largest) / temperature - Math.log(total);
}

/**
 * Draws a token from softmax(logits) by inverting the cumulative distribution.
 *
 * @param uniform a number in [0, 1)
 */
export function drawToken(logits: ArrayLike<number>, uniform: number): number {
  const probabilities = softmax(logits);
  let remaining = uniform;
  let last = 0;
  for (let v = 0; v < probabilities.length; v++) {
    if (probabilities[v] === 0) continue;
    last = v;
    remaining -= probabilities[v];
    if (remaining < 0) return v;
  }
  return last; // rounding left a crumb beyond the last token
}

/** The likeliest token; the first of equals. */
export function likeliestToken(logits: ArrayLike<number>): number {
  let best = 0;
  for (let v = 1; v < logits.length; v++) if (logits[v] > logits[best]) best = v;
  return best;
}
