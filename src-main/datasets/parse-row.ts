/** Makes a dataset row of one JSON value, or says what is wrong with it. */
import type { DatasetRow, Message, Prompt } from '../contract/dataset.ts';

/** What the caller needs of every row. */
export interface RowRequirements {
  /** A column that must hold a text, such as the completion SFT learns. */
  completionColumn?: string;
}

/** What is wrong with a row; `field` is the column at fault, dotted inside it (`prompt.0.role`). */
export class RowProblem extends Error {
  readonly field: string | undefined;

  constructor(message: string, field?: string) {
    super(message);
    this.field = field;
  }
}

/** GSM8K ends its solutions with the answer: `#### 42`. */
const endsInAnswer = /####[^\n]*\d[^\n]*\s*$/;

/**
 * @param value one line of the file, parsed
 * @param index 0-based position among the rows
 * @throws RowProblem at the first thing that is wrong
 */
export function parseRow(value: unknown, index: number, require: RowRequirements): DatasetRow {
  if (!isObject(value)) throw new RowProblem(`holds ${kindOf(value)} instead of a JSON object`);
  const { prompt, columns } = 'prompt' in value ? splitPrompt(value) : fromQuestion(value);
  const { completionColumn } = require;
  if (completionColumn !== undefined && typeof columns[completionColumn] !== 'string') {
    const found =
      completionColumn in columns
        ? `"${completionColumn}" must be a text, but is ${kindOf(columns[completionColumn])}`
        : `has no "${completionColumn}" column (found: ${columnNames(value)})`;
    throw new RowProblem(found, completionColumn);
  }
  return { index, prompt, columns };
}

type Row = Record<string, unknown>;

function splitPrompt(value: Row): { prompt: Prompt; columns: Row } {
  const { prompt, ...columns } = value;
  return { prompt: parsePrompt(prompt), columns };
}

/** GSM8K's shape: `question` and `answer`, both kept as columns. */
function fromQuestion(value: Row): { prompt: Prompt; columns: Row } {
  const { question, answer } = value;
  if (!('question' in value)) throw new RowProblem(`has no "prompt" column (found: ${columnNames(value)})`, 'prompt');
  if (typeof question !== 'string' || question === '') {
    throw new RowProblem(`"question" must be a text that is not empty, but is ${kindOf(question)}`, 'question');
  }
  if (typeof answer !== 'string' || !endsInAnswer.test(answer)) {
    throw new RowProblem(
      'has "question" instead of "prompt", so its "answer" must be a text that ends in "#### number"',
      'answer',
    );
  }
  return { prompt: [{ role: 'user', content: question }], columns: value };
}

function parsePrompt(prompt: unknown): Prompt {
  if (typeof prompt === 'string') {
    if (prompt === '') throw new RowProblem('"prompt" is empty', 'prompt');
    return prompt;
  }
  if (!Array.isArray(prompt)) {
    throw new RowProblem(`"prompt" must be a text or a list of messages, but is ${kindOf(prompt)}`, 'prompt');
  }
  if (prompt.length === 0) throw new RowProblem('"prompt" is a conversation without messages', 'prompt');
  return prompt.map(parseMessage);
}

function parseMessage(message: unknown, position: number): Message {
  const field = `prompt.${position}`;
  if (!isObject(message)) {
    throw new RowProblem(
      `message ${position + 1} of "prompt" must be an object with role and content, but is ${kindOf(message)}`,
      field,
    );
  }
  const { role, content } = message;
  if (typeof role !== 'string' || role === '') {
    throw new RowProblem(
      `message ${position + 1} of "prompt" needs a role such as "user", but has ${kindOf(role)}`,
      `${field}.role`,
    );
  }
  if (typeof content !== 'string') {
    throw new RowProblem(
      `message ${position + 1} of "prompt" needs a text as its content, but has ${kindOf(content)}`,
      `${field}.content`,
    );
  }
  return { role, content };
}

export function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For messages: what a row has. */
export function columnNames(value: Row): string {
  return Object.keys(value).join(', ') || 'no columns';
}

/** For messages: what stands where something else should. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return 'an object';
}
