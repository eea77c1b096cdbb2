/** Rows of a CSV or TSV file: the first line names the columns, every value is a text. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { excerptOf, type OnRead, type RawRow } from './raw-row.ts';

const delimiters = [',', '\t', ';', '|'];

/** A record past this is a quote that was never closed. */
const maxRecordCharacters = 2 ** 25;

interface CsvRecord {
  record: string[];
  info: { lines: number };
}

/** Yields a row for each record; one with too few or too many fields is a row with a problem, an unclosed quote ends the file. */
export async function* readCsvRows(path: string, onRead?: OnRead): AsyncGenerator<RawRow> {
  const parser = parse({
    bom: true,
    delimiter: await detectDelimiter(path),
    info: true,
    max_record_size: maxRecordCharacters,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  const source = createReadStream(path);
  source.on('data', (chunk) => onRead?.(chunk.length));
  // What goes wrong here ends the parser with the same error, which the loop below meets.
  pipeline(source, parser, () => undefined);
  let names: string[] | null = null;
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const number = line;
      line = info.lines + 1;
      if (names === null) names = columnNames(record);
      else if (record.length === names.length) yield { number, value: toObject(names, record) };
      else {
        const problem = `has ${record.length} ${record.length === 1 ? 'field' : 'fields'}, but the header names ${names.length} columns`;
        yield { number, problem, excerpt: excerptOf(record.join(' | ')) };
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const unclosed = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
    const problem = unclosed ? 'opens a quote that is never closed' : `is no valid CSV: ${error.message}`;
    yield { number: line, problem, excerpt: '' };
  }
}

function toObject(names: readonly string[], record: readonly string[]): Record<string, string> {
  const row: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) row[names[i]] = record[i];
  return row;
}

/** Each name once and none empty: `a`, `a 2`, `column 3`. */
function columnNames(header: readonly string[]): string[] {
  const names: string[] = [];
  for (const [i, given] of header.entries()) {
    const name = given.trim() === '' ? `column ${i + 1}` : given.trim();
    names.push(names.includes(name) ? `${name} ${i + 1}` : name);
  }
  return names;
}

/** The delimiter that the header line has most of, outside quotes; a comma when it has none. */
export async function detectDelimiter(path: string): Promise<string> {
  const header = firstLine(await readBeginning(path));
  const counts = delimiters.map((delimiter) => header.split(delimiter).length - 1);
  return delimiters[counts.indexOf(Math.max(...counts))];
}

/** Without what stands in quotes; a line break in quotes is not its end. */
function firstLine(text: string): string {
  const unquoted = text.replace(/"(?:[^"]|"")*"/g, '""');
  return unquoted.split(/\r?\n/).find((line) => line.trim() !== '') ?? '';
}

/** The first 64 KiB as text. */
export async function readBeginning(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2 ** 16), 0, 2 ** 16, 0);
    const encoding = buffer[0] === 0xff && buffer[1] === 0xfe ? 'utf16le' : 'utf8';
    return buffer
      .subarray(0, bytesRead)
      .toString(encoding)
      .replace(/^\uFEFF/, '');
  } finally {
    await file.close();
  }
}
