/** Keeps NaN and infinities out of the database, where SQLite would turn NaN into NULL without a word. */
import { StudioError } from '../contract/errors.ts';

/** @param what names the number, as the beginning of a sentence */
export function requireFinite(value: number, what: string): void {
  if (!Number.isFinite(value))
    throw new StudioError('store_failed', `${what} is ${value}, and only finite numbers can be recorded.`);
}
