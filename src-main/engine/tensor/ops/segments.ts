/**
 * The segment table of a packed batch: the only description of which token belongs to which text. Texts that begin with the same tokens
 * hold these once: they form a tree, whose branches are the segments.
 */

/** One contiguous run of tokens, and the beginning of an earlier text that it continues. Offsets count tokens of the batch. */
export interface Segment {
  start: number;
  length: number;
  /** Number of the segment at the end of whose text, or within which, this one branches off; 0 when it begins a text. */
  parent: number;
  /** Tokens of the parent's text that come before this segment; 0 when it begins a text. */
  prefixLength: number;
}

/**
 * All segments of a packed batch. The text of a segment is its prefix, the first `prefixLength` tokens of its parent's text, and then
 * its own tokens. A token at offset t of a segment attends to the whole prefix and to `[start, start + t]`; its position id is
 * `prefixLength + t`.
 */
export interface Segments {
  /** `[S * 4]`: start, length, parent, prefixLength of each segment. */
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
 * @throws RangeError unless the segments tile `[0, N)` in order and every prefix ends within an earlier segment, its parent
 */
export function packSegments(segments: readonly Segment[]): Segments {
  const rows = new Int32Array(segments.length * 4);
  let tokens = 0;
  for (const [index, { start, length, parent, prefixLength }] of segments.entries()) {
    if (start !== tokens || length < 1) {
      throw new RangeError(`Segment ${index} must start at token ${tokens} and hold at least one token.`);
    }
    const own = parent < index ? segments[parent] : undefined;
    const within =
      own !== undefined && prefixLength > own.prefixLength && prefixLength <= own.prefixLength + own.length;
    if (prefixLength !== 0 && !within) {
      throw new RangeError(`The prefix of segment ${index} does not end within an earlier segment, its parent.`);
    }
    rows.set([start, length, prefixLength === 0 ? 0 : parent, prefixLength], index * 4);
    tokens += length;
  }
  return { rows, tokens };
}

/** The table of groups laid out one after the other, each its prompt first and then its completions; empty runs get no segment. */
export function segmentsOfGroups(groups: readonly GroupLengths[]): Segments {
  const segments: Segment[] = [];
  let start = 0;
  const add = (length: number, parent: number, prefixLength: number): void => {
    if (length === 0) return;
    segments.push({ start, length, parent, prefixLength });
    start += length;
  };
  for (const { promptLength, completionLengths } of groups) {
    const prompt = segments.length;
    add(promptLength, 0, 0);
    for (const length of completionLengths) add(length, prompt, promptLength);
  }
  return packSegments(segments);
}

/** The segments of a table, in order. */
export function segmentList({ rows }: Segments): Segment[] {
  return Array.from({ length: rows.length / 4 }, (_, index) => {
    const [start, length, parent, prefixLength] = rows.subarray(index * 4, index * 4 + 4);
    return { start, length, parent, prefixLength };
  });
}

/** For every segment, the batch's tokens that make up its text: its prefix and its own. */
export function textsOfSegments(segments: Segments): number[][] {
  const texts: number[][] = [];
  for (const { start, length, parent, prefixLength } of segmentList(segments)) {
    const prefix = prefixLength === 0 ? [] : texts[parent].slice(0, prefixLength);
    texts.push([...prefix, ...Array.from({ length }, (_, offset) => start + offset)]);
  }
  return texts;
}

/** The position id of every token of the batch, `[N]`. */
export function segmentPositions(segments: Segments): Int32Array {
  const positions = new Int32Array(segments.tokens);
  for (const { start, length, prefixLength } of segmentList(segments)) {
    for (let offset = 0; offset < length; offset++) positions[start + offset] = prefixLength + offset;
  }
  return positions;
}
