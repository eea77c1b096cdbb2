/**
 * `npm run -s bench:recompute`: what a gradient of size M costs in processor time, and holds in memory, when its batch is cut into
 * micro-batches, when its layers are computed again, and when both.
 */
import * as tf from '@tensorflow/tfjs-core';
import { packGroups } from '../src-main/engine/model/packed-batch.ts';
import { loadPolicy } from '../src-main/engine/model/policy.ts';
import { tokenLogps } from '../src-main/engine/model/token-logps.ts';
import { selectBackend } from '../src-main/engine/tensor/backend.ts';
import { accumulate, lossGradients, microBatches } from '../src-main/engine/train/gradients.ts';
import { hostLoss } from '../src-main/engine/train/host-loss.ts';
import type { Gradients } from '../src-main/engine/train/optimizer.ts';
import { modelFolder } from './make-model.ts';
import { sizes } from './sizes.ts';

const ROUNDS = 4;
const PROMPT_TOKENS = 260;

const { prompts, generations, newTokens, shape } = sizes.M;
await selectBackend('native');
const policy = await loadPolicy(await modelFolder('M'), { trainable: true });
const text = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, i) => (7919 * seed + 31 * i) % (shape as NonNullable<typeof shape>).vocab_size);
const groups = Array.from({ length: prompts }, (_, group) => ({
  promptTokens: text(PROMPT_TOKENS, group),
  completions: Array.from({ length: generations }, (_, i) => text(newTokens, 10 * group + i)),
}));

const variants = [1, 2, prompts].flatMap((parts) =>
  [false, true].map((recomputes) => ({ parts, recomputes, seconds: Infinity, bytes: 0 })),
);
for (let round = 0; round < ROUNDS; round++) for (const variant of variants) measure(variant);

const [{ seconds: whole }] = variants;
console.log('micro-batches  computed again  processor time  share  most held by tensors');
for (const { parts, recomputes, seconds, bytes } of variants) {
  const cells = [
    String(parts).padStart(13),
    (recomputes ? 'yes' : 'no').padStart(14),
    `${seconds.toFixed(2).padStart(12)} s`,
    `${((100 * seconds) / whole).toFixed(0).padStart(3)} %`,
    `${(bytes / 2 ** 20).toFixed(0).padStart(17)} MiB`,
  ];
  console.log(cells.join('  '));
}

/** One gradient of the batch; notes its processor time, if it is the least so far, and what tensors held between the passes. */
function measure(variant: (typeof variants)[number]): void {
  const before = tf.memory().numBytes;
  const start = process.cpuUsage();
  let gradients: Gradients | null = null;
  for (const part of microBatches(groups, variant.parts)) {
    const batch = packGroups(part);
    const loss = (): tf.Scalar =>
      hostLoss(tokenLogps({ ...policy, recomputes: variant.recomputes }, batch, 1).logps, (logps) => {
        variant.bytes = Math.max(variant.bytes, tf.memory().numBytes - before);
        return { loss: 0, gradient: Float64Array.from(logps, (_, i) => Math.sin(i)) };
      });
    gradients = accumulate(gradients, lossGradients(policy, loss));
  }
  tf.dispose(gradients ?? []);
  const { user, system } = process.cpuUsage(start);
  variant.seconds = Math.min(variant.seconds, (user + system) / 1e6);
}
