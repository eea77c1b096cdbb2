/** Rows of a JSON file, a list or an object with a list in it, one at a time: the file is never in memory as a whole. */
import { createReadStream } from 'node:fs';
import { excerptOf, jsonComplaint, type OnRead, type RawRow } from './raw-row.ts';

/** Under which of its keys an object may hold its rows. */
const listNames = ['rows', 'data', 'examples', 'train'];

const [quote, backslash, comma, openList, closeList, openObject, closeObject] = Buffer.from('"\\,[]{}');

/** Yields the elements of the file's list; one that is no valid JSON, or a file that ends too early, is a row with a problem. */
export async function* readJsonRows(path: string, onRead?: OnRead): AsyncGenerator<RawRow> {
  const splitter = new ElementSplitter();
  let number = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 }) as AsyncIterable<Buffer>) {
    onRead?.(chunk.length);
    for (const bytes of splitter.split(chunk)) yield parseElement(++number, bytes);
    if (splitter.ended) return;
  }
  const problem = splitter.begun
    ? 'is not whole: the file ends inside its list of rows'
    : `is no list of rows, and no object with such a list as its ${listNames.slice(0, -1).join(', ')} or ${listNames.at(-1)}`;
  yield { number: number + 1, problem, excerpt: excerptOf(splitter.rest().toString()) };
}

function parseElement(number: number, bytes: Buffer): RawRow {
  const text = bytes.toString();
  try {
    return { number, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { number, problem: `is no valid JSON: ${jsonComplaint(error)}`, excerpt: excerptOf(text) };
  }
}

/** Finds where the elements of the list begin and end, by counting brackets outside of strings. */
class ElementSplitter {
  /** The list has been found. */
  begun = false;
  /** The list has been closed. */
  ended = false;
  /** Brackets that are open: around the list before it is found, inside it afterwards. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The last string outside the list, a key when a value follows. */
  #key: number[] = [];
  /** The element so far, of earlier chunks. */
  #parts: Buffer[] = [];

  *split(chunk: Buffer): Generator<Buffer> {
    let start = 0; // of the element, in this chunk
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.#inString) {
        this.#stepInString(byte);
        continue;
      }
      if (byte === quote) {
        this.#inString = true;
        this.#key = [];
      } else if (!this.begun) {
        if (byte === openList && this.#holdsRows()) {
          this.begun = true;
          this.#depth = 0;
          start = i + 1;
        } else this.#count(byte);
      } else if (this.#depth === 0 && (byte === comma || byte === closeList)) {
        const element = this.#take(chunk.subarray(start, i));
        start = i + 1;
        if (element !== null) yield element;
        if (byte === closeList) {
          this.ended = true;
          return;
        }
      } else this.#count(byte);
    }
    if (this.begun && start < chunk.length) this.#parts.push(Buffer.from(chunk.subarray(start)));
  }

  /** What was begun and not finished. */
  rest(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #stepInString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) this.#inString = false;
    else if (!this.begun && this.#key.length < 64) this.#key.push(byte);
  }

  #holdsRows(): boolean {
    return this.#depth === 0 || (this.#depth === 1 && listNames.includes(Buffer.from(this.#key).toString()));
  }

  #count(byte: number): void {
    if (byte === openList || byte === openObject) this.#depth++;
    else if (byte === closeList || byte === closeObject) this.#depth--;
  }

  /** The element that ends here; null for white space alone, as in an empty list. */
  #take(last: Buffer): Buffer | null {
    const element = Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    return element.toString('latin1').trim() === '' ? null : element;
  }
}
