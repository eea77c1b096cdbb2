/** From where on a number is called a failure pattern, each with its reason. */

/** Share of completions cut off by the length limit that is almost all: so few ends are left that a reward for the end is rare. */
export const TRUNCATED_SHARE = 0.9;

/** Entropy in nats: below it the likeliest token has about 99.9%, so the completions of a group are copies of each other. */
export const COLLAPSED_ENTROPY = 0.01;

/** KL in nats per token that is far: on average a token is e^0.5 = 1.6 times as likely as under the reference. Healthy runs stay below 0.1. */
export const FAR_KL = 0.5;

/** KL counts as still rising when it has at least doubled since half of the run; a far but steady policy is a choice. */
export const RISING_KL_FACTOR = 2;

/** KL in nats per token from which even a steady policy is another model: e^2 = 7 times as likely. */
export const LOST_KL = 2;

/** A spike is this many times the median of the steps before: batches differ by a factor of a few, not by ten. */
export const SPIKE_FACTOR = 10;

/** Steps before a spike that its median is taken over, and how many there must be. */
export const SPIKE_WINDOW = 20;
export const SPIKE_HISTORY = 5;

/** A loss below this is no spike whatever it was before: GRPO's starts at zero, so that any value is many times the median. */
export const SPIKE_LOSS = 0.1;
