/** Reads a text file line by line without holding it in memory, so that large datasets can be imported. */
import { createReadStream } from 'node:fs';

/** One line of a file, without its line break. */
export interface Line {
  /** 1-based; blank lines count. */
  number: number;
  /** null: the line is not valid UTF-8. */
  text: string | null;
}

const newline = 0x0a;

/**
 * Yields every line of a UTF-8 file. Lines end in LF or CRLF (a line separator inside a JSON string is no line end), the last
 * one may lack its line break, and a byte order mark is dropped.
 * @param onRead told of each part of the file that was read, in bytes
 */
export async function* readLines(path: string, onRead?: (bytes: number) => void): AsyncGenerator<Line> {
  let number = 0;
  let parts: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    onRead?.(chunk.length);
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      yield decodeLine(++number, Buffer.concat(parts));
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield decodeLine(++number, Buffer.concat(parts));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeLine(number: number, bytes: Buffer): Line {
  try {
    const text = utf8.decode(bytes).replace(/\r$/, '');
    return { number, text: number === 1 ? text.replace(/^\uFEFF/, '') : text };
  } catch {
    return { number, text: null };
  }
}
