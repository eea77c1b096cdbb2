/** The rule that wants a completion to begin with its reasoning: TRL's `think_format_reward`. */
import type { CompiledRule } from './rule.ts';

const open = '<think>';
const close = '</think>';

/** 1 when the completion starts with <think>, which appears once, and is closed; else 0. */
export const scoreThinkFormat: CompiledRule = ({ text }) => {
  if (!text.startsWith(open)) return { score: 0, why: 'the completion does not start with <think>' };
  const second = text.indexOf(open, 1);
  if (second > 0) {
    const spans = [{ start: second, end: second + open.length }];
    return { score: 0, why: 'a second <think> follows the first', spans };
  }
  const end = text.indexOf(close);
  if (end < 0) return { score: 0, why: 'no </think> in the completion' };
  const spans = [{ start: 0, end: end + close.length }];
  return { score: 1, why: 'the completion starts with one <think>…</think>', spans };
};
