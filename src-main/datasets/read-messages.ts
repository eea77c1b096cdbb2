/** Conversations as files write them: OpenAI's `role` and `content`, ShareGPT's `from` and `value`, contents in parts. */
import type { Message } from '../contract/dataset.ts';
import { isObject, kindOf, RowProblem } from './parse-row.ts';

const roleNames: Record<string, string> = { human: 'user', gpt: 'assistant', bot: 'assistant' };

/** Whether a value looks like a conversation, right or wrong in its details. */
export function isConversation(value: unknown): boolean {
  if (!Array.isArray(value) || !isObject(value[0])) return false;
  return 'role' in value[0] || 'from' in value[0];
}

/**
 * @param column for messages
 * @throws RowProblem at the first message that is none
 */
export function readMessages(value: unknown, column: string): Message[] {
  if (!Array.isArray(value))
    throw new RowProblem(`"${column}" must be a list of messages, but is ${kindOf(value)}`, column);
  if (value.length === 0) throw new RowProblem(`"${column}" is a conversation without messages`, column);
  return value.map((message, i) => readMessage(message, `message ${i + 1} of "${column}"`, `${column}.${i}`));
}

function readMessage(message: unknown, name: string, field: string): Message {
  if (!isObject(message)) {
    throw new RowProblem(`${name} must be an object with role and content, but is ${kindOf(message)}`, field);
  }
  const role = message['role'] ?? message['from'];
  if (typeof role !== 'string' || role === '') {
    throw new RowProblem(`${name} needs a role such as "user", but has ${kindOf(role)}`, `${field}.role`);
  }
  const content = joinParts(message['content'] ?? message['value']);
  if (typeof content !== 'string') {
    throw new RowProblem(`${name} needs a text as its content, but has ${kindOf(content)}`, `${field}.content`);
  }
  return { role: roleNames[role] ?? role, content };
}

/** `[{type: 'text', text}]` as one text; anything else as it is. */
function joinParts(content: unknown): unknown {
  if (!Array.isArray(content) || content.length === 0) return content;
  const texts = content.map((part: unknown) => (isObject(part) && part['type'] === 'text' ? part['text'] : null));
  return texts.every((text) => typeof text === 'string') ? texts.join('') : content;
}
