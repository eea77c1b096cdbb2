/** The segment table of a packed batch: the only description of which token belongs to which prompt or completion. */

/** One contiguous run of tokens, and the run (its group's prompt) it also attends to. Offsets count tokens of the batch. */
export interface Segment {
  start: number;
  length: number;
  /** Where the prompt this segment continues starts; 0 when it continues none. */
  prefixStart: number;
  /** Length of that prompt; 0 for a prompt itself. */
  prefixLength: number;
}

/**
 * All segments of a packed batch. A token at offset t of a segment attends to the whole of
 * `[prefixStart, prefixStart + prefixLength)` and to `[start, start + t]`; its position id is `prefixLength + t`.
 */
export interface Segments {
  /** `[S * 4]`: start, length, prefixStart, prefixLength of each segment. */
  rows: Int32Array;
  /** N, the number of tokens in the batch. */
  tokens: number;
}

/** The lengths of one group: its prompt, once, and the completions that continue it. */
export interface GroupLengths {
  promptLength: number;
  completionLengths: readonly number[];
}

/**
 * Packs segments into a table.
 * @throws RangeError unless the segments tile `[0, N)` in order and every prefix is a whole earlier segment without a prefix
 */
export function packSegments(segments: readonly Segment[]): Segments {
  const rows = new Int32Array(segments.length * 4);
  const prompts = new Map<number, number>();
  let tokens = 0;
  for (const [index, { start, length, prefixStart, prefixLength }] of segments.entries()) {
    if (start !== tokens || length < 1) {
      throw new RangeError(`Segment ${index} must start at token ${tokens} and hold at least one token.`);
    }
    if (prefixLength === 0) prompts.set(start, length);
    else if (prompts.get(prefixStart) !== prefixLength) {
      throw new RangeError(`The prefix of segment ${index} is no earlier segment without a prefix.`);
    }
    rows.set([start, length, prefixLength === 0 ? 0 : prefixStart, prefixLength], index * 4);
    tokens += length;
  }
  return { rows, tokens };
}

/** The table of groups laid out one after the other, each its prompt first and then its completions; empty runs get no segment. */
export function segmentsOfGroups(groups: readonly GroupLengths[]): Segments {
  const segments: Segment[] = [];
  let start = 0;
  const add = (length: number, prefixStart: number, prefixLength: number): void => {
    if (length === 0) return;
    segments.push({ start, length, prefixStart, prefixLength });
    start += length;
  };
  for (const { promptLength, completionLengths } of groups) {
    const promptStart = start;
    add(promptLength, 0, 0);
    for (const length of completionLengths) add(length, promptStart, promptLength);
  }
  return packSegments(segments);
}

/** The segments of a table, in order. */
export function segmentList({ rows }: Segments): Segment[] {
  return Array.from({ length: rows.length / 4 }, (_, index) => {
    const [start, length, prefixStart, prefixLength] = rows.subarray(index * 4, index * 4 + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    return { start, length, prefixStart, prefixLength };
  });
}

/** The position id of every token of the batch, `[N]`. */
export function segmentPositions(segments: Segments): Int32Array {
  const positions = new Int32Array(segments.tokens);
  for (const { start, length, prefixLength } of segmentList(segments)) {
    for (let offset = 0; offset < length; offset++) positions[start + offset] = prefixLength + offset;
  }
  return positions;
}
