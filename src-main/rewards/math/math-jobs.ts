/** What the worker thread of mathematical comparison is asked and answers. */

/** `read`: is this text mathematics? `compare`: do answer and expected mean the same? */
export type MathJob =
  { kind: 'read'; text: string } | { kind: 'compare'; answer: string; expected: string; tolerance: number };

/** `how` goes on from "the answer … is …", such as `the same number`. */
export type MathAnswer = { readable: boolean } | { equal: boolean; how: string };
