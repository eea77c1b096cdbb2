import { expect, test } from 'vitest';
import { lineStyle } from './compare-styles.ts';

test('32 runs look different, and neighbours differ in colour and dash', () => {
  const styles = Array.from({ length: 33 }, (_, place) => JSON.stringify(lineStyle(place)));
  expect(new Set(styles.slice(0, 32)).size).toBe(32);
  expect(styles[32]).toBe(styles[0]);
  for (let place = 1; place < 32; place++) {
    expect(lineStyle(place).color).not.toBe(lineStyle(place - 1).color);
    if (place % 8 !== 0) expect(lineStyle(place).dash).not.toEqual(lineStyle(place - 1).dash);
  }
});
