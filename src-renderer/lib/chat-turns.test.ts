import { expect, test } from 'vitest';
import { chatTurns, questionOf } from './chat-turns.ts';

const turns = [
  { role: 'system', text: 'Be brief.' },
  { role: 'user', text: 'What is\n2 + 2?' },
];

test.each([
  [
    'ChatML',
    '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is\n2 + 2?<|im_end|>\n<|im_start|>assistant\n',
  ],
  [
    'Llama 3',
    '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat is\n2 + 2?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
  ],
  ['Phi', '<|system|>\nBe brief.<|end|>\n<|user|>\nWhat is\n2 + 2?<|end|>\n<|assistant|>\n'],
])('%s', (_name, prompt) => {
  expect(chatTurns(prompt)).toEqual(turns);
  expect(questionOf(prompt)).toBe('What is 2 + 2?');
});

test('Gemma calls the answer model', () => {
  const prompt = '<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHo<end_of_turn>\n';
  expect(chatTurns(prompt).map(({ role }) => role)).toEqual(['user', 'model']);
  expect(questionOf(prompt)).toBe('Hi');
});

test('of a prompt whose beginning is cut off, the end of its question is left', () => {
  expect(questionOf('…and what is\n2 + 2?<|im_end|>\n<|im_start|>assistant\n')).toBe('…and what is 2 + 2?');
  expect(questionOf('…brief.<|im_end|>\n<|im_start|>user\nWhat is\n2 + 2?<|im_end|>\n')).toBe('What is 2 + 2?');
});

test('a prompt without roles is one turn', () => {
  expect(chatTurns(' 12+30= ')).toEqual([{ role: null, text: '12+30=' }]);
  expect(questionOf('')).toBe('');
});
