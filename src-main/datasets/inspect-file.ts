/** Looks at the beginning of a data file: its columns, what is in them, and how they are usually mapped. */
import type { DataColumn, DataFile, DataFormat, RowFault } from '../contract/api/datasets.ts';
import type { RawRow } from './formats/raw-row.ts';
import { openDataFile } from './open-data-file.ts';
import { isObject } from './parse-row.ts';
import { isConversation } from './read-messages.ts';
import { suggestMappings } from './suggest-mappings.ts';

const rowsLookedAt = 200;
const examplesShown = 3;
/** Of a long example, so much of its beginning and of its end are shown. */
const exampleBeginning = 120;
const exampleEnd = 40;
const columnsShown = 200;

export interface Inspection {
  file: DataFile;
  /** The rows that were looked at, for previews. */
  rows: RawRow[];
}

/** @throws StudioError dataset_invalid when the file cannot be read as any format, or holds no rows */
export async function inspectFile(path: string): Promise<Inspection> {
  const source = await openDataFile(path);
  const rows: RawRow[] = [];
  let readBytes = 0;
  let whole = true;
  for await (const row of source.rows((bytes) => (readBytes += bytes))) {
    if (rows.length === rowsLookedAt) {
      whole = false;
      break;
    }
    rows.push(row);
  }
  const columns = describeColumns(rows);
  const lookedAtBytes = rows.reduce((sum, row) => sum + ('value' in row ? sizeOf(row.value, source.format) : 0), 0);
  const estimate = Math.round((source.bytes / Math.max(1, Math.min(readBytes, lookedAtBytes))) * rows.length);
  const count = source.rowCount ?? (whole ? rows.length : Math.max(rows.length + 1, estimate));
  return {
    file: {
      path,
      name: source.name,
      format: source.format,
      bytes: source.bytes,
      rows: { count, exact: whole || source.rowCount !== null },
      columns,
      suggestions: suggestMappings(columns),
      faults: rows.flatMap((row) => ('value' in row ? [] : [faultOf(row, source.name)])).slice(0, 10),
    },
    rows,
  };
}

/** About how many bytes a row takes in its file. */
function sizeOf(value: unknown, format: DataFormat): number {
  if ((format !== 'csv' && format !== 'tsv') || !isObject(value)) return JSON.stringify(value).length + 1;
  return Object.values(value).reduce((sum: number, text) => sum + String(text).length + 1, 0);
}

/** The fault of a row that could not even be read. */
export function faultOf({ number, problem, excerpt }: Exclude<RawRow, { value: unknown }>, file: string): RowFault {
  return { file, row: number, field: null, message: problem, excerpt };
}

function describeColumns(rows: readonly RawRow[]): DataColumn[] {
  const values = new Map<string, unknown[]>();
  let objects = 0;
  for (const row of rows) {
    if (!('value' in row) || !isObject(row.value)) continue;
    objects++;
    for (const [name, value] of Object.entries(row.value)) {
      if (values.has(name)) values.get(name)?.push(value);
      else if (values.size < columnsShown) values.set(name, [value]);
    }
  }
  return [...values].map(([name, found]) => describeColumn(name, found, objects));
}

function describeColumn(name: string, values: readonly unknown[], rows: number): DataColumn {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(kindOf(value), (counts.get(kindOf(value)) ?? 0) + 1);
  const filled = values.filter((value) => kindOf(value) !== 'empty');
  const kinds = [...counts].sort(([, a], [, b]) => b - a).map(([kind]) => kind);
  const texts = new Set(filled.map((value) => shorten(typeof value === 'string' ? value : JSON.stringify(value))));
  return {
    name,
    kinds: kinds.filter((kind) => kind !== 'empty').length > 0 ? kinds.filter((kind) => kind !== 'empty') : ['empty'],
    examples: [...texts].slice(0, examplesShown),
    emptyShare: 1 - filled.length / Math.max(1, rows),
  };
}

function shorten(text: string): string {
  if (text.length <= exampleBeginning + exampleEnd) return text;
  return `${text.slice(0, exampleBeginning)} … ${text.slice(-exampleEnd)}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  if (isConversation(value)) return 'messages';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'true/false';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : 'object';
}
