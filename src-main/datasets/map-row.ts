/** Makes the studio's own row of a row of a file, by a mapping, or says what is wrong with it. */
import type { Message, Prompt } from '../contract/dataset.ts';
import { columnRoles, type ColumnRole, type DatasetMapping, type PromptSource } from '../contract/dataset-mapping.ts';
import { StudioError } from '../contract/errors.ts';
import { columnNames, isObject, kindOf, RowProblem } from './parse-row.ts';
import { compileTemplate } from './prompt-template.ts';
import { isConversation, readMessages } from './read-messages.ts';

type Row = Record<string, unknown>;

export interface MappedRow {
  prompt: Prompt;
  /** The roles that the mapping names, then the other columns; written beside `prompt` in the dataset's file. */
  columns: Row;
}

/**
 * @returns maps the parsed value of a row; throws RowProblem at the first thing that is wrong with it
 * @throws StudioError dataset_invalid for a mapping that fits no file, naming its field
 */
export function compileMapping(mapping: DatasetMapping): (value: unknown) => MappedRow {
  const makePrompt = compilePrompt(mapping);
  const used = usedColumns(mapping);
  return (value) => {
    if (!isObject(value)) throw new RowProblem(`holds ${kindOf(value)} instead of an object with columns`);
    const prompt = makePrompt(value);
    const columns: Row = {};
    for (const role of columnRoles) {
      const column = mapping.roles[role];
      if (column !== undefined) Object.assign(columns, readRole(value, column, role, mapping));
    }
    if (columns['chosen'] !== undefined && columns['chosen'] === columns['rejected']) {
      throw new RowProblem('has the same text as chosen and as rejected, which ranks nothing', mapping.roles.rejected);
    }
    if (mapping.keepOthers) {
      for (const [name, other] of Object.entries(value)) {
        if (!used.has(name) && !(name in columns) && name !== 'prompt') columns[name] = other;
      }
    }
    return { prompt, columns };
  };
}

/** Columns that come into the dataset under another name. */
function usedColumns({ prompt, roles }: DatasetMapping): Set<string> {
  return new Set([...(prompt.kind === 'template' ? [] : [prompt.column]), ...Object.values(roles)]);
}

function compilePrompt({ prompt: source, system }: DatasetMapping): (row: Row) => Prompt {
  const isText = source.kind !== 'messages' && source.form === 'text';
  if (isText && system !== '') {
    const message =
      'A prompt that is a plain text has no place for a system message: make it a conversation, or leave that out.';
    throw new StudioError('dataset_invalid', message, { field: 'system' });
  }
  const withSystem = (messages: Message[]): Message[] =>
    system === '' || messages[0]?.role === 'system' ? messages : [{ role: 'system', content: system }, ...messages];
  if (source.kind === 'messages') return (row) => withSystem(promptMessages(row, source.column));
  const text = compileText(source);
  return (row) => (isText ? text(row) : withSystem([{ role: 'user', content: text(row) }]));
}

function compileText(source: Exclude<PromptSource, { kind: 'messages' }>): (row: Row) => string {
  if (source.kind === 'template') {
    const fill = compileTemplate(source.template);
    return (row) => {
      const text = fill(row);
      if (text === '') throw new RowProblem('makes an empty prompt');
      return text;
    };
  }
  const { column } = source;
  return (row) => {
    const value = present(row, column);
    if (typeof value !== 'string' || value.trim() === '') {
      throw new RowProblem(`"${column}" must be a text that is not empty, but is ${kindOf(value)}`, column);
    }
    return value;
  };
}

function present(row: Row, column: string): unknown {
  if (column in row) return row[column];
  throw new RowProblem(`has no "${column}" column (found: ${columnNames(row)})`, column);
}

/** All turns up to the assistant's last one, when the conversation ends in it. */
function promptMessages(row: Row, column: string): Message[] {
  const messages = readMessages(present(row, column), column);
  const prompt = messages.at(-1)?.role === 'assistant' ? messages.slice(0, -1) : messages;
  if (prompt.length === 0) throw new RowProblem(`"${column}" holds an answer and no prompt`, column);
  return prompt;
}

function readRole(row: Row, column: string, role: ColumnRole, { answerPart }: DatasetMapping): Row {
  const value = present(row, column);
  if (role === 'score') return { score: readScore(value, column) };
  if (role !== 'answer') return { [role]: readText(value, column) };
  if (value === null || value === undefined || (typeof value === 'string' && value.trim() === '')) {
    throw new RowProblem(`"${column}", the answer, is empty`, column);
  }
  if (answerPart === 'whole') return { answer: value };
  const parts = typeof value === 'string' ? value.split('####') : [];
  const answer = parts.at(-1)?.trim() ?? '';
  if (parts.length < 2 || answer === '') {
    throw new RowProblem(`"${column}", the answer, must end in "#### " and the final answer`, column);
  }
  return { answer, solution: value };
}

function readScore(value: unknown, column: string): number {
  const score = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof score === 'number' && Number.isFinite(score)) return score;
  throw new RowProblem(`"${column}", the score, must be a number, but is ${kindOf(value)}`, column);
}

/** A text, or the assistant's last turn of a conversation. */
function readText(value: unknown, column: string): string {
  if (isConversation(value)) {
    const last = readMessages(value, column).at(-1) as Message;
    if (last.role === 'assistant') return last.content;
    throw new RowProblem(
      `"${column}" must end in a turn of the assistant, but ends in one of the ${last.role}`,
      column,
    );
  }
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new RowProblem(`"${column}" must be a text that is not empty, but is ${kindOf(value)}`, column);
}
