/** Compiles the regular expressions of reward rules. */
import { StudioError } from '../contract/errors.ts';

/**
 * A JavaScript regular expression in which `.` also matches line breaks.
 * @param field where the pattern stands in the config
 * @param wanted a capture group that has to exist (0 is the whole match), and where its number stands in the config
 * @throws StudioError reward_invalid
 */
export function compilePattern(pattern: string, field: string, wanted?: { group: number; field: string }): RegExp {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 's');
  } catch (error) {
    throw new StudioError('reward_invalid', `${field}: ${(error as Error).message}.`, { field }, { cause: error });
  }
  if (wanted) {
    const groups = new RegExp(`${pattern}|`, 's').exec('')!.length - 1;
    if (wanted.group > groups) {
      const have =
        groups === 0
          ? 'no capture group; group 0 is the whole match'
          : `only ${groups} capture group${groups === 1 ? '' : 's'}`;
      throw new StudioError('reward_invalid', `${wanted.field} is ${wanted.group}, but /${pattern}/ has ${have}.`, {
        field: wanted.field,
      });
    }
  }
  return expression;
}
