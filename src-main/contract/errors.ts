/** The one error type that crosses a process border: a stable code, a sentence a person can act on, and what it is about. */
import { z } from 'zod';

export const errorCodes = [
  'config_invalid',
  'dataset_invalid',
  'reward_invalid',
  'tokenizer_invalid',
  'model_invalid',
  'model_unsupported',
  'checkpoint_invalid',
  'backend_unavailable',
  'engine_crashed',
  'training_diverged',
  'run_not_found',
  'run_state',
  'store_failed',
  'io_failed',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The plain form of a `StudioError`, as it is sent between processes and stored. */
export const errorRecordSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  /** The file or folder at fault. */
  path: z.string().optional(),
  /** The field, column or parameter at fault, dotted (`rewards.0.weight`). */
  field: z.string().optional(),
  /** 1-based line in `path`. */
  line: z.number().int().optional(),
});

export type ErrorRecord = z.infer<typeof errorRecordSchema>;

export class StudioError extends Error {
  readonly code: ErrorCode;
  readonly where: { path?: string; field?: string; line?: number };

  /**
   * @param code stable, for programs
   * @param message what is wrong and what to do about it, for people; names the place itself when that helps
   * @param where the file, field and line at fault
   */
  constructor(
    code: ErrorCode,
    message: string,
    where: { path?: string; field?: string; line?: number } = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StudioError';
    this.code = code;
    this.where = where;
  }

  toRecord(): ErrorRecord {
    return { code: this.code, message: this.message, ...this.where };
  }

  static fromRecord(record: ErrorRecord): StudioError {
    const { code, message, ...where } = record;
    return new StudioError(code, message, where as StudioError['where']);
  }
}

/** The record of any thrown value; a value that is no `StudioError` gets `fallback` as its code. */
export function toErrorRecord(error: unknown, fallback: ErrorCode): ErrorRecord {
  if (error instanceof StudioError) return error.toRecord();
  return { code: fallback, message: error instanceof Error ? error.message : String(error) };
}
