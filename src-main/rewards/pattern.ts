/**
 * Compiles the regular expressions of reward rules with RE2, which takes time linear in the text whatever the pattern: a pattern can
 * be slow to no completion. JavaScript's syntax, without what RE2 cannot do in linear time.
 */
import { RE2JS } from 're2js';
import { StudioError } from '../contract/errors.ts';

/** How a pattern is read; the names of the contract. */
export interface PatternFlags {
  ignore_case: boolean;
  multiline: boolean;
  dot_all: boolean;
}

export interface PatternMatch {
  /** The text of each group, 0 being the whole match; null where a group took no part. */
  groups: (string | null)[];
  /** Where a group begins and ends in the text, in UTF-16 units; null where it took no part. */
  span(group: number): { start: number; end: number } | null;
}

export interface Pattern {
  test(text: string): boolean;
  /** The first match, or null. */
  exec(text: string): PatternMatch | null;
  /** Spans of matches that do not overlap, from the left, the first `most` of them. */
  all(text: string, most: number): { start: number; end: number }[];
}

/** Longest pattern that is compiled, in UTF-16 units, and most instructions it may become: a match takes time with both. */
const LONGEST_PATTERN = 2000;
const LARGEST_PROGRAM = 5000;

/**
 * @param field where the pattern stands in the config
 * @param wanted a capture group that has to exist (0 is the whole match), and where its number stands in the config
 * @throws StudioError reward_invalid
 */
export function compilePattern(
  pattern: string,
  flags: PatternFlags,
  field: string,
  wanted?: { group: number; field: string },
): Pattern {
  const expression = compile(pattern, flags, field);
  const groups = expression.groupCount();
  if (wanted && wanted.group > groups) {
    const have =
      groups === 0
        ? 'no capture group; group 0 is the whole match'
        : `only ${groups} capture group${groups === 1 ? '' : 's'}`;
    throw new StudioError('reward_invalid', `${wanted.field} is ${wanted.group}, but /${pattern}/ has ${have}.`, {
      field: wanted.field,
    });
  }
  return {
    test: (text) => expression.test(text),
    exec(text) {
      const matcher = expression.matcher(text);
      if (!matcher.find()) return null;
      return {
        groups: Array.from({ length: groups + 1 }, (_, group) => matcher.group(group)),
        span(group) {
          const start = matcher.start(group);
          return start < 0 ? null : { start, end: matcher.end(group) };
        },
      };
    },
    all(text, most) {
      const spans: { start: number; end: number }[] = [];
      const matcher = expression.matcher(text);
      while (spans.length < most && matcher.find()) spans.push({ start: matcher.start(), end: matcher.end() });
      return spans;
    },
  };
}

function compile(pattern: string, { ignore_case, multiline, dot_all }: PatternFlags, field: string): RE2JS {
  const flags =
    (ignore_case ? RE2JS.CASE_INSENSITIVE : 0) | (multiline ? RE2JS.MULTILINE : 0) | (dot_all ? RE2JS.DOTALL : 0);
  try {
    const fault = unsupported(pattern); // first, as the translation makes plain text of what it does not know
    if (fault !== null) throw new Error(fault);
    const expression = RE2JS.compile(RE2JS.translateRegExp(pattern), flags);
    if (expression.programSize() > LARGEST_PROGRAM) {
      throw new Error(
        `/${pattern.slice(0, 60)}…/ is too large; its repetitions are written out, ask for fewer of them`,
      );
    }
    return expression;
  } catch (error) {
    const fault = (error as Error).message.replace(/^error parsing regexp: /, '').replace(/`\(\?[ims]+\)/, '`');
    throw new StudioError('reward_invalid', `${field}: ${fault}.`, { field }, { cause: error });
  }
}

/** What a pattern asks for that is refused, as no linear-time engine has it or it is too long, in words; or null. */
function unsupported(pattern: string): string | null {
  if (pattern.length > LONGEST_PATTERN) return `a pattern of more than ${LONGEST_PATTERN} characters`;
  const bare = pattern.replace(/\\\\/g, '').replace(/\[(?:\\.|[^\]\\])*\]/gs, '');
  if (/(?<!\\)\(\?<?[=!]/.test(bare)) {
    return 'lookahead and lookbehind, (?=…) (?!…) (?<=…) (?<!…), are not supported, as patterns must run in linear time';
  }
  if (/\\[1-9]|\\k</.test(bare))
    return 'backreferences such as \\1 are not supported, as patterns must run in linear time';
  return null;
}
