/** Templates that make a prompt of a row's columns: `{question}` stands for the column, `{{` and `}}` for braces. */
import { StudioError } from '../contract/errors.ts';
import { columnNames, RowProblem } from './parse-row.ts';

/**
 * @returns the text of a row, without white space around it
 * @throws StudioError dataset_invalid for a template that names no column or leaves a brace open; the function it gives throws
 *   RowProblem for a row without a column that the template names
 */
export function compileTemplate(template: string): (row: Record<string, unknown>) => string {
  const parts = split(template);
  return (row) =>
    parts
      .map((part) => {
        if (typeof part === 'string') return part;
        if (!(part.column in row)) {
          const found = columnNames(row);
          throw new RowProblem(
            `has no "${part.column}" column, which the template names (found: ${found})`,
            part.column,
          );
        }
        return textOf(row[part.column]);
      })
      .join('')
      .trim();
}

function split(template: string): (string | { column: string })[] {
  const refuse = (message: string): never => {
    throw new StudioError('dataset_invalid', message, { field: 'prompt.template' });
  };
  const parts: (string | { column: string })[] = [];
  const pattern = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;
  for (const [text, name] of template.matchAll(pattern)) {
    if (text === '{{' || text === '}}') parts.push(text[0]);
    else if (text === '{' || text === '}')
      refuse(`The template has a single "${text}": write "${text}${text}" for a brace.`);
    else if (name === undefined) parts.push(text);
    else if (name.trim() === '') refuse('The template has "{}" without the name of a column in it.');
    else parts.push({ column: name.trim() });
  }
  if (parts.every((part) => typeof part === 'string')) {
    refuse(
      'The template names no column: every row would have the same prompt. Write a name in braces, such as {question}.',
    );
  }
  return parts;
}

/** Of a column in a text: nothing for null, JSON for lists and objects. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
