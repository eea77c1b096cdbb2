/** From where on a number is called a failure pattern, each with its reason. */

/** Steps in a row that a condition must hold: one batch may be unlucky, three in a row are not chance. */
export const SUSTAINED_STEPS = 3;

/** Share of completions cut off by the length limit that is almost all: so few ends are left that a reward for the end is rare. */
export const TRUNCATED_SHARE = 0.9;

/** Entropy in nats: below it the likeliest token has about 99.9 %, so the completions of a group are copies of each other. */
export const COLLAPSED_ENTROPY = 0.01;

/** KL in nats per token that is far: on average a token is e^0.5 = 1.6 times as likely as under the reference. Healthy runs stay below 0.1. */
export const FAR_KL = 0.5;

/** KL counts as still rising when it has at least doubled since half of the run; a far but steady policy is a choice. */
export const RISING_KL_FACTOR = 2;

/** KL in nats per token from which even a steady policy is another model: e^2 = 7 times as likely. */
export const LOST_KL = 2;

/** Steps a run needs before its trends are judged: with fewer its first and last steps are too close. */
export const TREND_STEPS = 10;

/** A trend compares the first with the last quarter of the run: wide enough to average noise, narrow enough to be apart. */
export const TREND_SHARE = 0.25;

/** Rise in mean reward that matters, as a share of the reward that all rules together can give. */
export const REWARD_RISE = 0.05;

/** A rise must also be this many standard errors above the noise between steps: 95 % sure. */
export const SURE_ERRORS = 2;

/** Accuracy that rose by less than this is flat: 2 points are within the noise of a few hundred problems. */
export const FLAT_ACCURACY = 0.02;

/** Accuracy or score, of 1 at best, from which there is nothing left to gain: it may be flat, and may have no variance. */
export const SATISFIED_SCORE = 0.98;

/** Share of the reward's variance from which one rule decides almost alone which completions are reinforced. */
export const DOMINANT_SHARE = 0.95;

/** Newest steps that the variance of rules is taken over: what the training follows now. */
export const VARIANCE_STEPS = 10;

/** A spike is this many times the median of the steps before: batches differ by a factor of a few, not by ten. */
export const SPIKE_FACTOR = 10;

/** Steps before a spike that its median is taken over, and how many there must be. */
export const SPIKE_WINDOW = 20;
export const SPIKE_HISTORY = 5;

/** A loss below this is no spike whatever it was before: GRPO's starts at zero, so that any value is many times the median. */
export const SPIKE_LOSS = 0.1;
