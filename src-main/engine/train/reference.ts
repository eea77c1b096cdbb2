/** A reference policy that follows the policy: TR-DPO's soft update (arXiv 2404.09656), or the iterative GRPO of DeepSeekMath §4.1.4. */
import * as tf from '@tensorflow/tfjs-core';
import type { Policy } from '../model/policy.ts';

/**
 * θ_ref ← α θ + (1 − α) θ_ref, weight by weight, in place; α = 1 replaces the reference by the policy.
 *
 * @param reference weights of its own; never the policy's
 */
export function mixReference(reference: Policy, policy: Policy, alpha: number): void {
  for (const [name, weight] of Object.entries(reference.weights)) {
    tf.tidy(() => {
      const mixed = tf.add(tf.mul(policy.weights[name], alpha), tf.mul(weight, 1 - alpha));
      (weight as tf.Variable).assign(mixed);
    });
  }
}
