/** Estimators of the KL divergence from the reference policy, from the log-probs of sampled tokens. */

/**
 * The k3 estimator of KL(π ‖ π_ref), DeepSeekMath eq. 4 (Schulman, "Approximating KL divergence"): ρ − log ρ − 1 with ρ = π_ref / π.
 * Never negative, and zero exactly where the two policies agree.
 *
 * @param logp log π of a token, in nats
 * @param referenceLogp log π_ref of the same token
 */
export function k3(logp: number, referenceLogp: number): number {
  const logRatio = referenceLogp - logp;
  return Math.expm1(logRatio) - logRatio;
}

/** d k3 / d log π = 1 − π_ref / π. */
export function k3Gradient(logp: number, referenceLogp: number): number {
  return -Math.expm1(referenceLogp - logp);
}
