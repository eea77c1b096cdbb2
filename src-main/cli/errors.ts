/** How a command tells of a failure, and the exit code it leaves. */
import { isAbsolute, relative } from 'node:path';
import { StudioError, type ErrorRecord } from '../contract/errors.ts';
import { ConfigError } from '../services/config/config-file.ts';
import type { Output } from './output.ts';

export const exitCodes = {
  ok: 0,
  /** Something failed: the run, the database, a dataset, the backend. */
  failure: 1,
  /** The command line or a config file is wrong; nothing was started. */
  usage: 2,
  /** Ctrl-C: the run was stopped and saved. */
  interrupted: 130,
} as const;

/** `error: <sentence>`, then where: `at file:line (field)`. A bug in the studio prints its stack instead. */
export function reportError(error: unknown, output: Output): number {
  if (!(error instanceof StudioError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    output.complain(
      `${output.paint('red', 'internal error:')} ${stack}\nThis is a bug in GRPO Studio. Please report it with the lines above.`,
    );
    output.emit({ event: 'error', error: { message: error instanceof Error ? error.message : String(error) } });
    return exitCodes.failure;
  }
  const problems = error instanceof ConfigError ? error.problems : [error];
  for (const problem of problems) output.complain(describeError(problem.toRecord(), output));
  output.emit({ event: 'error', error: error.toRecord() });
  return error.code === 'config_invalid' ? exitCodes.usage : exitCodes.failure;
}

/** The error in words: its sentence and, on a line of its own, its place, unless the sentence has said it. */
export function describeError(error: ErrorRecord, output: Output): string {
  const { message, path, line, field } = error;
  const sentence = `${output.paint('red', 'error:')} ${message}`;
  const file = path === undefined ? '' : `${shorten(path)}${line === undefined ? '' : `:${line}`}`;
  const place = field === undefined || (file === '' && message.includes(field)) ? file : `${file} (${field})`.trim();
  return place === '' ? sentence : `${sentence}\n  ${output.paint('dim', `at ${place}`)}`;
}

/** A path as a person would type it here. */
function shorten(path: string): string {
  const near = relative('', path);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}
