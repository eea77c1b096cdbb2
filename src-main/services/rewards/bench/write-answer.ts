/** Writes a text from which an extraction takes a given answer. */
import type { Extraction } from '../../../contract/reward-rules/extraction.ts';
import { compileExtraction } from '../../../rewards/extraction.ts';

/** What stands where a model would reason. */
export const someReasoning = '…';

/** @returns null for an extraction whose answer cannot be written back: a regular expression with choices, for example */
export function writeAnswer(extraction: Extraction, answer: string): string | null {
  switch (extraction.type) {
    case 'text':
    case 'last_number':
    case 'answer_part':
      return answer;
    case 'tag':
      return `<${extraction.tag}>${answer}</${extraction.tag}>`;
    case 'boxed':
      return `\\boxed{${answer}}`;
    case 'after':
      return `${extraction.marker} ${answer}`;
    case 'reasoning':
      return `<think>${answer}</think>`;
    case 'json_path':
      return writeJson(extraction.path, answer);
    case 'regex':
      return writeMatch(extraction, answer);
    case 'chain':
      return extraction.steps.reduceRight<string | null>(
        (inner, step) => (inner === null ? null : writeAnswer(step, inner)),
        answer,
      );
  }
}

function writeJson(path: string, answer: string): string {
  const keys = [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, name]) =>
    index === undefined ? (name ?? (JSON.parse(`"${quoted}"`) as string)) : Number(index),
  );
  const value = keys.reduceRight<unknown>((inner, key) => {
    if (typeof key === 'string') return { [key]: inner };
    return [...Array.from({ length: key }, () => null), inner];
  }, parsed(answer));
  return JSON.stringify(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a text and not JSON
  }
}

/** The pattern with its group replaced by the answer, and what may be anything left out; null when it does not match that. */
function writeMatch(extraction: Extract<Extraction, { type: 'regex' }>, answer: string): string | null {
  const marks: string[] = [];
  const literal = extraction.pattern
    .replace(/\\[AzZb]|^\^|\$$/g, '')
    .replace(/\((?!\?)(?:[^()\\]|\\.)*\)/g, (group) => `\0${marks.push(group) - 1}\0`)
    .replace(/(?:\\.|\.)(?:\*\??|\?)/g, '')
    .replace(/\\s\+?/g, ' ')
    .replace(/\\n/g, '\n')
    .replace(/\\([^\w\s])/g, '$1');
  const text = literal.replace(/\0(\d+)\0/g, (_, index) => (Number(index) + 1 === extraction.group ? answer : ''));
  const whole = text.startsWith('</think>') ? `<think>${someReasoning}${text}` : text;
  const found = compileExtraction(extraction, '')(whole);
  return 'found' in found && found.found === answer ? whole : null;
}
