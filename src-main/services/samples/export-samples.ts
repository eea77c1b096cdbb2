/** Writes samples as text: JSON lines with everything, or CSV with a column for each rule. */
import type { ExportedCompletion } from '../../store/sample-interfaces.ts';

export type SampleFormat = 'jsonl' | 'csv';

/** The first line of a file; JSON lines have none. */
export function exportHead(format: SampleFormat, rules: readonly string[]): string {
  if (format === 'jsonl') return '';
  const columns = ['step', 'group', 'row', 'position', 'prompt', 'completion', 'reward', 'advantage', 'finish_reason'];
  return csvLine([...columns, 'tokens', ...rules.map((rule) => `rule:${rule}`), 'note']);
}

export function exportLine(format: SampleFormat, rules: readonly string[], sample: ExportedCompletion): string {
  const { text, finishReason, bookmark, scores, ...rest } = sample;
  if (format === 'jsonl') {
    return `${JSON.stringify({ ...rest, completion: text, finish_reason: finishReason, scores, bookmark })}\n`;
  }
  const { step, group, row, position, prompt, reward, advantage, tokens } = rest;
  const ofRule = rules.map((rule) => scores.find((score) => score.rule === rule)?.score ?? null);
  return csvLine([
    ...[step, group, row, position, prompt, text, reward, advantage, finishReason, tokens],
    ...ofRule,
    bookmark?.note ?? null,
  ]);
}

/** One record after RFC 4180. */
function csvLine(values: readonly (string | number | null)[]): string {
  const cell = (value: string | number | null): string => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${values.map(cell).join(',')}\r\n`;
}
