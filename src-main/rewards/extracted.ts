/** What an extraction gives: the form that all of them share. */
import type { TextSpan } from './rule.ts';

/** What was found and where in the text, or why nothing was, worded to go on with `in the completion`. */
export type Extracted = { found: string; span: TextSpan } | { missing: string };

export type Extractor = (text: string) => Extracted;
