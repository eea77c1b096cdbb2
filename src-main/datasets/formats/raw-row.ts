/** A row as it stands in a file, before anything is asked of it. */

export type RawRow =
  | { /** 1-based: the line of a JSONL or CSV file, else the row. */ number: number; value: unknown }
  | {
      number: number;
      /** Why it cannot be read. */
      problem: string;
      /** The beginning of what stands there. */
      excerpt: string;
    };

/** Told of each part of the file that was read, in bytes. */
export type OnRead = (bytes: number) => void;

const excerptLength = 300;

/** The beginning of a row, to be recognised by. */
export function excerptOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > excerptLength ? `${text.slice(0, excerptLength)} …` : text;
}

/** A parser's complaint about JSON, without the position in a text nobody sees. */
export function jsonComplaint(error: unknown): string {
  return (error as Error).message.replace(/ at position \d+ \(line \d+ column (\d+)\)/, ' at column $1');
}
