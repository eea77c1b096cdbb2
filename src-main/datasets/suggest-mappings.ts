/** How the columns of well-known kinds of datasets are mapped, tried on a file's columns. */
import type { DataColumn } from '../contract/api/datasets.ts';
import {
  datasetMappingSchema,
  type ColumnRole,
  type DatasetMapping,
  type PromptSource,
} from '../contract/dataset-mapping.ts';

interface Suggestion {
  name: string;
  title: string;
  mapping: DatasetMapping;
}

const promptNames = ['prompt', 'question', 'problem', 'query', 'input', 'instruction', 'text'];
const answerNames = ['answer', 'solution', 'target', 'label', 'expected', 'ground_truth', 'output'];
const conversationNames = ['messages', 'conversations', 'conversation', 'chat'];

/** Those whose columns the file has, the most telling first; where none fits, the first column as the prompt. */
export function suggestMappings(columns: readonly DataColumn[]): Suggestion[] {
  const find = (...names: string[]): DataColumn | undefined =>
    names.flatMap((name) => columns.filter((column) => column.name.toLowerCase() === name)).at(0);
  const suggestions: Suggestion[] = [];
  const suggest = (
    name: string,
    title: string,
    prompt: PromptSource | null,
    roles: Partial<Record<ColumnRole, DataColumn | undefined>>,
    answerPart: DatasetMapping['answerPart'] = 'whole',
  ): void => {
    const named = Object.entries(roles);
    if (prompt === null || named.some(([, column]) => column === undefined)) return;
    const columnOf = Object.fromEntries(named.map(([role, column]) => [role, column?.name]));
    suggestions.push({ name, title, mapping: datasetMappingSchema.parse({ prompt, roles: columnOf, answerPart }) });
  };

  const prompt = sourceOf(find('prompt'));
  const [chosen, rejected] = [find('chosen'), find('rejected')];
  const ranked =
    prompt ?? (chosen?.kinds[0] === 'messages' ? sourceOf(chosen) : sourceOf(find('question', 'input', 'instruction')));
  suggest('preferences', 'Ranked completions (chosen, rejected)', ranked, { chosen, rejected });
  suggest('scored', 'Scored completions', prompt, {
    completion: find('completion', 'response'),
    score: find('score', 'rating'),
  });

  const answer = find('answer');
  const question = find('question');
  if (answer?.examples.some((example) => example.includes('####'))) {
    suggest('gsm8k', 'GSM8K: question, and an answer after ####', sourceOf(question), { answer }, 'after_hashes');
  }
  const conversation = find(...conversationNames);
  if (conversation?.kinds[0] === 'messages') {
    suggest('chat', 'Conversations: the last turn is the completion', sourceOf(conversation), {
      completion: conversation,
    });
    suggest(
      'chat-prompts',
      'Conversations: only their prompts',
      sourceOf(conversation),
      answer === undefined ? {} : { answer },
    );
  }
  const [instruction, output] = [find('instruction'), find('output')];
  if (instruction !== undefined && output !== undefined) {
    const input = find('input');
    const template = input === undefined ? `{${instruction.name}}` : `{${instruction.name}}\n\n{${input.name}}`;
    const source: PromptSource = { kind: 'template', template, form: 'conversation' };
    suggest('alpaca', 'Alpaca: instruction, input, output', source, { completion: output });
  }
  suggest('completion', 'Prompt and completion', prompt, { completion: find('completion', 'response') });
  const [anyPrompt, anyAnswer] = [find(...promptNames), find(...answerNames)];
  if (anyPrompt?.name !== anyAnswer?.name) {
    suggest('answer', 'Prompt and answer', sourceOf(anyPrompt), { answer: anyAnswer });
  }
  suggest(
    'prompt',
    'Prompts only',
    sourceOf(anyPrompt ?? columns.find(({ kinds }) => kinds[0] === 'text') ?? columns[0]),
    {},
  );
  return suggestions;
}

/** A conversation stays one; a text becomes the user's message of one. */
function sourceOf(column: DataColumn | undefined): PromptSource | null {
  if (column === undefined) return null;
  if (column.kinds[0] === 'messages') return { kind: 'messages', column: column.name };
  return { kind: 'column', column: column.name, form: 'conversation' };
}
