/** Lays texts out as a tree: tokens that several of them begin with are held, and computed, once. */
import { packSegments, type Segment, type Segments } from '../tensor/ops/segments.ts';

/** A token of the tree with all that can follow it. */
interface Node {
  segment: number;
  /** Tokens of the text up to and with this one. */
  length: number;
  following: Map<number, Node>;
  row: number;
}

/** A text in the tree. */
export interface Text {
  /** Where in the batch each of its tokens is. */
  rows: number[];
  end: Node;
}

export class TextTree {
  readonly #tokens: number[] = [];
  readonly #segments: Segment[] = [];
  readonly #root: Node = { segment: 0, length: 0, following: new Map(), row: -1 };

  /** Adds a text that continues another, or begins anew. A batch's order is that in which its texts are added. */
  add(tokens: ArrayLike<number>, after?: Text): Text {
    const rows = after?.rows.slice() ?? [];
    let node = after?.end ?? this.#root;
    let t = 0;
    for (let next; t < tokens.length && (next = node.following.get(tokens[t])) !== undefined; t++) {
      node = next;
      rows.push(node.row);
    }
    if (t === tokens.length) return { rows, end: node };
    const start = this.#tokens.length;
    const segment = this.#segments.length;
    this.#segments.push({ start, length: tokens.length - t, parent: node.segment, prefixLength: node.length });
    for (; t < tokens.length; t++) {
      const next: Node = { segment, length: node.length + 1, following: new Map(), row: this.#tokens.length };
      node.following.set(tokens[t], next);
      node = next;
      rows.push(node.row);
      this.#tokens.push(tokens[t]);
    }
    return { rows, end: node };
  }

  /** The batch: its tokens [N] and where they belong. */
  pack(): { tokens: Int32Array; segments: Segments } {
    return { tokens: Int32Array.from(this.#tokens), segments: packSegments(this.#segments) };
  }
}
