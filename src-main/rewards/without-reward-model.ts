/** Stands in for a reward model where there is no engine to run one, as in a test bench without a model. */
import type { CompiledGroupRule } from './rule.ts';

const why = 'not scored here: a reward model needs the engine';

export const withoutRewardModel: CompiledGroupRule = {
  async scoreGroups(groups, warn) {
    return groups.map(({ completions }) =>
      completions.map(() => {
        warn(why);
        return { score: null, why };
      }),
    );
  },
  dispose: () => undefined,
};
