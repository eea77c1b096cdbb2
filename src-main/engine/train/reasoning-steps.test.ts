import { describe, expect, test } from 'vitest';
import type { CompletionRecord } from '../../contract/engine.ts';
import { rewardRuleSchema } from '../../contract/reward-rules.ts';
import { compileRules } from '../../rewards/compile-rules.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import { model, rows } from '../fixtures/training.ts';
import { reasoningSteps, rewardedSteps } from './reasoning-steps.ts';

const tokenizer = await loadTokenizer(model);

/** The text each step adds, cut where the last tokens of the steps say; special tokens shown. */
function cut(text: string, separator: string): string[] {
  const tokens = tokenizer.encode(text);
  const steps = reasoningSteps(tokens, separator, tokenizer);
  steps.forEach(({ end, text }) =>
    expect(text).toBe(tokenizer.decode(tokens.subarray(0, end + 1), { skipSpecialTokens: true })),
  );
  return steps.map(({ end }, i) => tokenizer.decode(tokens.subarray(i === 0 ? 0 : steps[i - 1].end + 1, end + 1)));
}

describe('reasoningSteps', () => {
  test('ends a step after each separator, the last with the last token', () => {
    expect(cut('<think>6+7=13,4+8+1=13</think><|im_end|>', ',')).toEqual([
      '<think>6+7=13,',
      '4+8+1=13</think><|im_end|>',
    ]);
  });

  test('finds a separator of several tokens, which does not overlap itself', () => {
    expect(cut('1\n2\n\n3\n\n\n\n4', '\n\n')).toEqual(['1\n2\n\n', '3\n\n', '\n\n', '4']);
    expect(cut('1\n\n\n2', '\n\n')).toEqual(['1\n\n', '\n2']);
  });

  test('finds a separator within a token', () => {
    expect(tokenizer.encode('</think>')).toHaveLength(1);
    expect(cut('1</think>2', 'think')).toEqual(['1</think>', '2']);
  });

  test('a token that completes two separators ends one step', () => {
    const pieces = ['a', ',b,', 'c'];
    const stream = () => ({ push: (id: number) => pieces[id], end: () => '' });
    expect(reasoningSteps(Int32Array.of(0, 1, 2), ',', { stream })).toEqual([
      { end: 1, text: 'a,b,' },
      { end: 2, text: 'a,b,c' },
    ]);
  });

  test('makes no step of an end token alone', () => {
    expect(cut('1,2,', ',')).toEqual(['1,', '2,']);
    expect(cut('1,2,<|im_end|>', ',')).toEqual(['1,', '2,<|im_end|>']);
    expect(cut('<|im_end|>', ',')).toEqual(['<|im_end|>']);
  });

  test('takes a text without separators as one step, and does not see special tokens', () => {
    expect(cut('1+2', ',')).toEqual(['1+2']);
    expect(cut('1<|im_end|>2', '<|im_end|>')).toEqual(['1<|im_end|>2']);
    expect(cut('1,<|im_end|>,2', ',,')).toEqual(['1,<|im_end|>,', '2']);
  });

  test('a character of several tokens ends a step with its last one', () => {
    expect(cut('1€2', '€')).toEqual(['1€', '2']);
  });
});

describe('rewardedSteps', () => {
  const rewards = async (rules: object[], text: string): Promise<number[]> => {
    const scorer = await compileRules(rules.map((rule) => rewardRuleSchema.parse(rule)));
    const completion = { text, tokens: tokenizer.encode(text) };
    const group = { prompt: 'p', row: rows[0], completions: [completion] };
    const [[{ reward }]] = await scorer.scoreGroups([group]);
    const scored = [{ ...group, completions: [{ ...completion, reward } as CompletionRecord] }];
    const [[, steps]] = await rewardedSteps(scored, ',', { tokenizer, scorer });
    return steps.map(({ reward }) => reward);
  };
  const starts = { name: 'starts', type: 'regex', pattern: '^1', weight: 0.5 };
  const ends = { name: 'ends', type: 'regex', pattern: '3$', weight: 2 };
  const short = { name: 'short', type: 'soft_overlong', max_length: 5, cache: 4 };

  test('a step is worth what it adds, and the steps sum to the reward of the completion', async () => {
    expect(await rewards([starts, ends], '1,2,3')).toEqual([0.5, 0, 2]);
    expect(await rewards([starts, short], '1,2,3')).toEqual([0.25, -0.5, -0.25]);
  });

  test('a rule that does not apply counts 0', async () => {
    const absent = { name: 'absent', type: 'answer_match', column: 'missing' };
    expect(await rewards([absent], '1,2')).toEqual([0, 0]);
    expect(await rewards([absent, ends], '1,3')).toEqual([0, 2]);
  });
});
