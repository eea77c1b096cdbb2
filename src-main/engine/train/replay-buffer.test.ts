import { describe, expect, test } from 'vitest';
import type { GroupRecord } from '../../contract/engine.ts';
import { parseReplayedGroups, ReplayBuffer, tellsApart } from './replay-buffer.ts';

/** A group whose first rule gave `scores`; the rewards are the same unless said otherwise. */
function group(row: number, scores: (number | null)[], rewards: (number | null)[] = scores): GroupRecord {
  return {
    row,
    prompt: `prompt ${row}`,
    promptTokens: Int32Array.of(1, 2),
    completions: scores.map((score, i) => ({
      text: `answer ${i}`,
      tokens: Int32Array.of(3, 4, i),
      finishReason: 'eos',
      reward: rewards[i],
      scores: [{ rule: 'accuracy', score, why: 'compared' }],
      advantage: 1.5,
      samplingLogps: Float32Array.of(-0.1, -0.2, -0.3),
      oldLogps: Float32Array.of(-0.11, -1 / 3, -0.31),
      policyLogps: Float32Array.of(-0.5, -0.5, -0.5),
      referenceLogps: Float32Array.of(-0.6, -0.6, -0.6),
      entropies: Float32Array.of(1, 1, 1),
      coefficients: Float32Array.of(1.5, 1.5, 1.5),
    })),
  };
}

const rowsOf = (groups: GroupRecord[]) => groups.map(({ row }) => row);

test('only the first rule says whether a group tells its completions apart', () => {
  expect(tellsApart(group(0, [0, 1]))).toBe(true);
  expect(tellsApart(group(0, [1, 1], [1, 1.2]))).toBe(false);
  expect(tellsApart(group(0, [1, null]))).toBe(false);
  expect(tellsApart(group(0, [0.1, 0.1, 0.1]))).toBe(false); // whose sum over 3 is not 0.1
});

describe('ReplayBuffer', () => {
  test('gives the highest reward deviation first, the newest of equals, and each group once', () => {
    const buffer = new ReplayBuffer(8);
    buffer.offer([group(1, [0, 1]), group(2, [0, 1], [0, 3]), group(3, [1, 1], [0, 9])]);
    buffer.offer([group(4, [0, 1])]);
    expect(rowsOf(buffer.take(2))).toEqual([2, 4]);
    expect(rowsOf(buffer.take(2))).toEqual([1]);
    expect(buffer.take(1)).toEqual([]);
  });

  test('the lowest deviations make room, the oldest of equals', () => {
    const buffer = new ReplayBuffer(2);
    buffer.offer([group(1, [0, 1]), group(2, [0, 0.5])]);
    buffer.offer([group(3, [0, 1])]);
    buffer.offer([group(4, [0, 1])]);
    expect(rowsOf(buffer.take(9))).toEqual([4, 3]);
  });

  test('keeps the samples and their old log-probs and nothing that an update adds', () => {
    const original = group(1, [0, 1]);
    const buffer = new ReplayBuffer(1);
    buffer.offer([original]);
    const [{ completions }] = buffer.take(1);
    expect(completions[0]).toMatchObject({ advantage: 0, referenceLogps: null });
    expect(completions[0].oldLogps).toEqual(original.completions[0].oldLogps);
    completions[0].oldLogps = new Float32Array(3);
    expect(original.completions[0].oldLogps[0]).toBeCloseTo(-0.11);
    expect(original.completions[0].advantage).toBe(1.5);
  });

  test('comes back from JSON as it was, to the bit', () => {
    const buffer = new ReplayBuffer(3);
    buffer.offer([group(1, [0, 1]), group(2, [0, 1, null])]);
    const json = buffer.serialise();
    const restored = new ReplayBuffer(3, parseReplayedGroups(json));
    expect(restored.serialise()).toBe(json);
    expect(restored.take(3)).toEqual(buffer.take(3));
    expect(() => parseReplayedGroups('[{"row": 1}]')).toThrow(/prompt/);
  });
});
