/** The rule that wants a completion to begin with its reasoning: TRL's `think_format_reward`. */
import type { CompiledRule } from './rule.ts';

/** 1 when the completion starts with <think>, which appears once, and is closed; else 0. */
export const scoreThinkFormat: CompiledRule = ({ text }) => {
  if (!text.startsWith('<think>')) return { score: 0, why: 'the completion does not start with <think>' };
  if (text.includes('<think>', 1)) return { score: 0, why: 'a second <think> follows the first' };
  if (!text.includes('</think>')) return { score: 0, why: 'no </think> in the completion' };
  return { score: 1, why: 'the completion starts with one <think>…</think>' };
};
