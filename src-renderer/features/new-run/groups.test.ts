import { expect, test } from 'vitest';
import { settingsOf } from '../../lib/run-settings.ts';
import { layOut } from './groups.ts';

test.each(['grpo', 'sft', 'reward_model'] as const)('every setting of %s has exactly one place', (type) => {
  const settings = settingsOf(type);
  const { essential, groups } = layOut(type, settings);
  const placed = [...essential, ...groups.flatMap((group) => group.settings)].map(({ name }) => name);
  const wanted = settings.map(({ name }) => name).filter((name) => !/^(model|(eval_)?dataset|rewards)$/.test(name));
  expect(placed.toSorted()).toEqual(wanted.toSorted());
});

test('a setting that nobody has sorted is in the last group', () => {
  const [setting] = settingsOf('grpo');
  const { groups } = layOut('grpo', [{ ...setting, name: 'brand_new' }]);
  expect(groups.at(-1)?.settings.map(({ name }) => name)).toEqual(['brand_new']);
});
