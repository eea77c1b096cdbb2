/** tokenizers.json: ids, decoded texts and rendered conversations of the tokenizers under tokenizers/. */
import { join } from 'node:path';
import { z } from 'zod';
import { loadTokenizer } from '../../../src-main/tokenizer/tokenizer.ts';
import { compare, compareText } from '../compare.ts';
import { golden, type GoldenCase, type Suite } from '../suite.ts';

const encoding = z.looseObject({
  text: z.string(),
  ids: golden.ids,
  decoded: z.string(),
  decoded_skip_special: z.string(),
});

const chat = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.string() })),
  add_generation_prompt: z.boolean(),
  tools: z.array(z.looseObject({})).nullish(),
  documents: z.array(z.looseObject({})).nullish(),
  rendered: z.string(),
  ids: golden.ids,
});

const tokenizer = z.looseObject({ vocab_size: z.int(), encodings: z.array(encoding), chats: z.array(chat) });

const file = z.looseObject({ tokenizers: z.record(z.string(), tokenizer) });

export const tokenizers: Suite = {
  name: 'tokenizers',
  cases: (content, folder) =>
    Object.entries(file.parse(content).tokenizers).flatMap(([name, { vocab_size, encodings, chats }]): GoldenCase[] => {
      const load = () => loadTokenizer(join(folder, 'tokenizers', name));
      return [
        {
          name: `${name} vocabulary`,
          run: async () => [compare('vocab_size', (await load()).vocabSize, vocab_size, {})],
        },
        ...encodings.map(({ text, ids, decoded, decoded_skip_special }) => ({
          name: `${name} encoding ${JSON.stringify(text)}`,
          async run() {
            const tokenizer = await load();
            return [
              compare('ids', tokenizer.encode(text), ids, {}),
              compareText('decoded', tokenizer.decode(ids), decoded),
              compareText(
                'decoded_skip_special',
                tokenizer.decode(ids, { skipSpecialTokens: true }),
                decoded_skip_special,
              ),
            ];
          },
        })),
        ...chats.map(({ messages, add_generation_prompt, tools = null, documents = null, rendered, ids }) => ({
          name: `${name} chat of ${messages.length}${add_generation_prompt ? '' : ' without generation prompt'}`,
          async run() {
            const options = { addGenerationPrompt: add_generation_prompt, tools, documents };
            const { text, tokens } = (await load()).encodePrompt(messages, options);
            return [compareText('rendered', text, rendered), compare('ids', tokens, ids, {})];
          },
        })),
      ];
    }),
};
