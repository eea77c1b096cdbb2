/** Datasets: looking into files, mapping their columns, importing them, and reading what was imported. */
import { z } from 'zod';
import type { Prompt } from '../dataset.ts';
import {
  datasetMappingSchema,
  importOptionsSchema,
  type DatasetMapping,
  type ImportOptions,
} from '../dataset-mapping.ts';

const id = z.string().min(1).describe('id of a dataset');
const path = z.string().min(1).describe('absolute path of a JSONL, JSON, CSV, TSV or Parquet file');
const evalPath = path
  .nullable()
  .default(null)
  .describe('a file of its own to hold out, with the same columns; evalShare is not used then');
const model = z
  .string()
  .min(1)
  .describe('folder of a model, or its name in the library; the starter when absent')
  .optional();
const mapping = datasetMappingSchema;
const split = z.enum(['train', 'eval']);

export const datasetInputs = {
  'inspect-data-file': z.strictObject({ path }),
  'preview-mapping': z.strictObject({ path, mapping, model, limit: z.int().positive().max(50).default(5) }),
  'check-mapping': z.strictObject({ path, evalPath, mapping, options: importOptionsSchema }),
  'read-mapping-check': z.strictObject({ job: z.string() }),
  'import-dataset': z.strictObject({
    path,
    evalPath,
    mapping,
    options: importOptionsSchema,
    name: z.string().trim().min(1).max(200),
  }),
  'list-datasets': z.null(),
  'read-dataset-info': z.strictObject({ id }),
  'read-dataset-rows': z.strictObject({
    id,
    split,
    offset: z.int().nonnegative().default(0),
    limit: z.int().positive().max(500).default(100),
    /** Only rows whose prompt, or whose other columns, hold this text, in any case; empty: all. */
    search: z.string().max(500).default(''),
  }),
  'dataset-statistics': z.strictObject({ id, model }),
  'delete-dataset': z.strictObject({ id }),
  'add-example-dataset': z.null(),
} as const;

export interface DatasetOutputs {
  /** @throws dataset_invalid when it cannot be read as any format */
  'inspect-data-file': DataFile;
  /** The first rows as the mapping makes them. @throws dataset_invalid for a mapping that does not fit the file, with its field */
  'preview-mapping': MappingPreview;
  /** The id of a job that reads every row as an import would and writes nothing; its result is its own id. */
  'check-mapping': string;
  /** What such a job found; null once it has been forgotten. */
  'read-mapping-check': ImportReport | null;
  /** The id of the job; its result is the dataset's id. */
  'import-dataset': string;
  /** Newest first. */
  'list-datasets': DatasetSummary[];
  /** @throws dataset_invalid when there is no such dataset, as all that take an id */
  'read-dataset-info': DatasetInfo;
  'read-dataset-rows': DatasetRowPage;
  'dataset-statistics': LengthStatistics;
  /** Deletes its files, too. @throws run_state while a run that goes on reads it */
  'delete-dataset': null;
  /** The id of the dataset of additions that comes with the studio; adds it where it is absent. */
  'add-example-dataset': string;
}

export type DataFormat = 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet';

export interface DataColumn {
  name: string;
  /** What its values are in the rows that were looked at, the most frequent first: text, number, true/false, list, messages, object, empty. */
  kinds: string[];
  /** Different values, shortened. */
  examples: string[];
  /** Share of the rows looked at in which it is absent, null or an empty text. */
  emptyShare: number;
}

export interface DataFile {
  path: string;
  name: string;
  format: DataFormat;
  bytes: number;
  /** Exact for Parquet and for files that were read whole, else estimated from their beginning. */
  rows: { count: number; exact: boolean };
  columns: DataColumn[];
  /** How its columns are usually mapped, the likeliest first; the first one's mapping can always be edited. */
  suggestions: { name: string; title: string; mapping: DatasetMapping }[];
  /** Rows among the first that could not be read. */
  faults: RowFault[];
}

export interface RowFault {
  /** Name of the file it is in. */
  file: string;
  /** 1-based: the line of a JSONL or CSV file, else the row. */
  row: number;
  /** The column at fault; null for the whole row. */
  field: string | null;
  message: string;
  /** The row as it stands in the file, shortened. */
  excerpt: string;
}

export interface MappingPreview {
  /** Name of the model whose template and tokens these are. */
  model: string;
  rows: PreviewRow[];
}

export type PreviewRow =
  | {
      row: number;
      /** As the model sees it, chat template applied. */
      text: string;
      tokens: number;
      /** Every other column as it will be kept, as text. */
      columns: { name: string; text: string }[];
      fault: null;
    }
  | { row: number; fault: RowFault };

export interface ImportReport {
  /** Rows of the file that were read. */
  read: number;
  train: number;
  eval: number;
  duplicates: number;
  /** Rows with a fault; `faults` holds the first of them. */
  faulty: number;
  faults: RowFault[];
}

export interface DatasetSummary {
  id: string;
  name: string;
  /** Name of the file it was made of. */
  source: string;
  createdAt: string; // ISO 8601
  /** Rows to train on, and held out. */
  rows: number;
  evalRows: number;
  /** Names of the columns besides the prompt. */
  columns: string[];
  /** Of its files. */
  bytes: number;
  /** Absolute path of the JSONL file for a config's `dataset`. */
  trainPath: string;
  /** For `eval_dataset`; null without held-out rows. */
  evalPath: string | null;
}

export interface DatasetInfo extends DatasetSummary {
  /** SHA-256 (hex) of the files with the rows. */
  contentHash: string;
  mapping: DatasetMapping;
  options: ImportOptions;
  report: ImportReport;
  /** Runs that train or evaluate on it. */
  usedBy: { id: string; name: string }[];
}

export interface DatasetRowPage {
  /** Rows of the part, or those that were found. */
  total: number;
  rows: {
    /** 0-based within its part: what a run's samples call the row. */
    index: number;
    prompt: Prompt;
    columns: Record<string, unknown>;
  }[];
}

/** How long the texts are in a model's tokens. */
export interface LengthStatistics {
  model: string;
  /** Longest sequence of the model in tokens; null when its config does not say. */
  contextLength: number | null;
  /** Rows that were counted: all of them, or a sample spread evenly. */
  counted: number;
  total: number;
  prompts: Lengths;
  /** Of the completion, or of the answer where there is none; null where rows have neither. */
  answers: (Lengths & { column: string }) | null;
  /** Prompts that occur more than once among the rows counted: how many rows are such repetitions. */
  repeatedPrompts: number;
  /** Rows counted whose answer is empty or missing; null when the dataset has no answers. */
  emptyAnswers: number | null;
}

export interface Lengths {
  /** How many rows have how many tokens: [tokens, rows] in ascending order of tokens. */
  counts: [tokens: number, rows: number][];
  mean: number;
  median: number;
  /** The 95th percentile. */
  p95: number;
  longest: number;
}
