/** Limits that the engine keeps to in a training pass, and that the estimate of its memory counts on. */

/** An update passes in more micro-batches than the config asks for where the layers would keep more than this, and than the model itself takes. */
export const ACTIVATION_BYTES = 160 * 2 ** 20;

/** The most of logits that are kept for the backward pass, which computes the others again. */
export const KEPT_LOGIT_BYTES = 256 * 2 ** 20;
