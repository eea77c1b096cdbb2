/** Limits that the engine keeps to, and that the estimate of its memory counts on. */

/** An update passes in more micro-batches than the config asks for where the layers would keep more than this, and than the model itself takes. */
export const ACTIVATION_BYTES = 160 * 2 ** 20;

/** The most of logits that are kept for the backward pass, which computes the others again. */
export const KEPT_LOGIT_BYTES = 256 * 2 ** 20;

/** What the pool of buffers keeps waiting beyond the most that was ever used: a share of that, and bytes at least. */
export const POOL_SPARE = { share: 1 / 4, bytes: 32 * 2 ** 20 };
