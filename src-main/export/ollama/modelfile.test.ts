import { expect, test } from 'vitest';
import type { ChatMessage } from './chat-styles.ts';
import { recogniseChatStyle } from './modelfile.ts';

const llama3 = (messages: readonly ChatMessage[]): string =>
  `${messages.map(({ role, content }) => `<|start_header_id|>${role}<|end_header_id|>\n\n${content}<|eot_id|>`).join('')}<|start_header_id|>assistant<|end_header_id|>\n\n`;

const chatMl = (messages: readonly ChatMessage[]): string =>
  `${messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('')}<|im_start|>assistant\n`;

test('a template is recognised by what it renders', () => {
  expect(recogniseChatStyle(llama3)?.template).toBe(
    '{{ range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n{{ .Content }}<|eot_id|>{{ end }}<|start_header_id|>assistant<|end_header_id|>\n\n',
  );
  expect(recogniseChatStyle((messages) => `${llama3(messages)} `)).toBeNull();
});

test("a system's words that the template puts in by itself become Ollama's", () => {
  const words = 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.';
  const qwen = (messages: readonly ChatMessage[]) =>
    chatMl(messages[0].role === 'system' ? messages : [{ role: 'system', content: words }, ...messages]);
  expect(recogniseChatStyle(qwen)).toEqual({ template: recogniseChatStyle(chatMl)?.template, system: words });
});

test("a template that refuses a system's turn is recognised by the others", () => {
  const gemma = (messages: readonly ChatMessage[]) => {
    if (messages[0].role === 'system') return null;
    const turns = messages.map(
      ({ role, content }) => `<start_of_turn>${role === 'user' ? 'user' : 'model'}\n${content}<end_of_turn>\n`,
    );
    return `${turns.join('')}<start_of_turn>model\n`;
  };
  expect(recogniseChatStyle(gemma)?.template).toContain('<start_of_turn>model');
});
