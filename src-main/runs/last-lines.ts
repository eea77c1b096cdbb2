/** Keeps the newest lines of a process's output, for the report of a crash. */
import { createInterface } from 'node:readline';

const keptLines = 40;

/** @returns an array that always holds the newest lines of all the streams */
export function lastLines(streams: (NodeJS.ReadableStream | null)[]): string[] {
  const lines: string[] = [];
  for (const stream of streams) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
    });
  }
  return lines;
}
