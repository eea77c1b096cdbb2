import { expect, test } from 'vitest';
import { StudioError } from '../../contract/errors.ts';
import { rewardFileEndpoints } from './reward-file-endpoints.ts';

const endpoints = rewardFileEndpoints();
const { signal } = new AbortController();

test('rules come back from YAML as they were written, line breaks and patterns too', async () => {
  const rules = [
    { name: 'tags', type: 'tag_count', texts: ['<think>\n', '\n</think>'] },
    {
      name: 'code',
      type: 'javascript',
      source: "export function score({ answer }) {\n  return answer === '#1' ? 1 : 0;\n}\n",
    },
    { name: 'steps', type: 'regex', pattern: '\\A\\p{Nd}+: .*$', weight: -0.5, clip: { min: -1 } },
  ];
  const text = await endpoints['rules-to-yaml']({ name: 'my\nset', rules }, signal);
  expect(text).toMatch(/^# Reward rules: my set\nrewards:\n/);
  expect(await endpoints['yaml-to-rules']({ text }, signal)).toEqual(rules);
});

test('what is no set is refused with its line', () => {
  const read = (text: string) => () => endpoints['yaml-to-rules']({ text }, signal);
  expect(read('rewards:\n  - name: [a')).toThrow(/line/);
  expect(read('rewards: none')).toThrow(StudioError);
  expect(read('seed: 1')).toThrow('rewards:');
});
