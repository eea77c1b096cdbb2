/** From where on a number is called a failure pattern, each with its reason. */

/** Steps in a row that a condition must hold: one batch may be unlucky, three in a row are not chance. */
export const SUSTAINED_STEPS = 3;

/** Steps a run needs before its trends are judged: with fewer its first and last steps are too close. */
export const TREND_STEPS = 10;

/** A trend compares the first with the last quarter of the run: wide enough to average noise, narrow enough to be apart. */
export const TREND_SHARE = 0.25;

/** Rise in mean reward that matters, as a share of the reward that all rules together can give. */
export const REWARD_RISE = 0.05;

/** A rise must also be this many standard errors above the noise between steps: 95% sure. */
export const SURE_ERRORS = 2;

/** Accuracy that rose by less than this is flat: 2 points are within the noise of a few hundred problems. */
export const FLAT_ACCURACY = 0.02;

/** Accuracy or score, of 1 at best, from which there is nothing left to gain: it may be flat, and may have no variance. */
export const SATISFIED_SCORE = 0.98;

/** Share of the reward's variance from which one rule decides almost alone which completions are reinforced. */
export const DOMINANT_SHARE = 0.95;

/** Newest steps that the variance of rules is taken over: what the training follows now. */
export const VARIANCE_STEPS = 10;

/** Factor by which the mean length grows or shrinks that is a drift: half as long again, or a third shorter. */
export const LENGTH_DRIFT = 1.5;

/** Length drifts only count beyond this many tokens: a word more or less is no habit. */
export const LENGTH_FLOOR = 8;

/** Share of a group's completions, after its first, that repeat an earlier one, from which the group compares little. */
export const DUPLICATE_SHARE = 0.75;

/** Steps of copies from which they are held against the outcome: in fewer, the noise between steps hides whether it rises. */
export const DUPLICATE_STEPS = 20;

/** Newest steps in which a rule that gives nobody anything is called silent: a rare success shows up within so many. */
export const SILENT_STEPS = 20;
