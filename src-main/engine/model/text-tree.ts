/** Lays texts out as a tree: tokens that several of them begin with are held, and computed, once. */
import { packSegments, segmentPositions, type Segment, type Segments } from '../tensor/ops/segments.ts';

/** A text in the tree. */
export interface Text {
  /** Where in the batch each of its tokens is. */
  rows: readonly number[];
  /** The segment that holds its last token; −1 when it is empty. */
  segment: number;
}

const EMPTY: Text = { rows: [], segment: -1 };

export class TextTree {
  readonly #tokens: number[] = [];
  readonly #segments: Segment[] = [];
  /** The segment that branches off after a row (−1: at the root) with a token. */
  readonly #branches = new Map<number, number>();

  /** Adds a text that continues another, or begins anew. The batch's order is that in which texts are added. */
  add(tokens: ArrayLike<number>, after: Text = EMPTY): Text {
    const rows = [...after.rows];
    let { segment } = after;
    for (let t = 0; t < tokens.length; t++) {
      const last = rows.at(-1) ?? -1;
      if (this.#goesOn(segment, last, tokens[t])) {
        rows.push(last + 1);
        continue;
      }
      const branch = this.#branches.get(branchKey(last, tokens[t]));
      if (branch === undefined) return this.#branchOff(rows, segment, Array.from(tokens).slice(t));
      segment = branch;
      rows.push(this.#segments[branch].start);
    }
    return { rows, segment };
  }

  /** The batch: its tokens [N], their position ids [N], and where they belong. */
  pack(): { tokens: Int32Array; positions: Int32Array; segments: Segments } {
    const segments = packSegments(this.#segments);
    return { tokens: Int32Array.from(this.#tokens), positions: segmentPositions(segments), segments };
  }

  /** Whether a token follows a row within its own segment. */
  #goesOn(segment: number, row: number, token: number): boolean {
    if (segment < 0) return false;
    const { start, length } = this.#segments[segment];
    return row + 1 < start + length && this.#tokens[row + 1] === token;
  }

  #branchOff(prefix: readonly number[], parent: number, tokens: readonly number[]): Text {
    const start = this.#tokens.length;
    const segment = this.#segments.length;
    this.#branches.set(branchKey(prefix.at(-1) ?? -1, tokens[0]), segment);
    this.#segments.push({ start, length: tokens.length, parent: Math.max(0, parent), prefixLength: prefix.length });
    for (const token of tokens) this.#tokens.push(token);
    return { rows: [...prefix, ...tokens.map((_, offset) => start + offset)], segment };
  }
}

function branchKey(row: number, token: number): number {
  return (row + 1) * 2 ** 31 + token;
}
