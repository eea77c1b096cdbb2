import { expect, test } from 'vitest';
import { helpOf } from './rule-schema.ts';

test('a help text calls choices as the form does, and leaves the rest as it is', () => {
  expect(helpOf({ description: 'Divides answers; `one_of` and `set` only, after `####`.' })).toBe(
    'Divides answers; “One of” and “Set” only, after ####.',
  );
  expect(helpOf({})).toBe('');
});
