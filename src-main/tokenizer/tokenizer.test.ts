import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { golden, goldenFolder } from '../../e2e/fixtures/golden.ts';
import { loadTokenizer, type DecodeOptions, type Tokenizer } from './tokenizer.ts';

interface Decoding {
  ids: number[];
  decoded: string;
  decoded_skip_special: string;
}

interface Cases {
  vocab_size: number;
  encodings: (Decoding & { text: string })[];
  chats: {
    messages: { role: string; content: string }[];
    add_generation_prompt: boolean;
    rendered: string;
    ids: number[];
  }[];
}

const fixtures = join(goldenFolder, 'tokenizers');
const reference = golden<{ tokenizers: Record<string, Cases> }>('tokenizers').tokenizers;
const decodings = JSON.parse(await readFile(join(import.meta.dirname, 'fixtures', 'decodings.json'), 'utf8')) as {
  tokenizers: Record<string, Decoding[]>;
};

function streamed(tokenizer: Tokenizer, ids: number[], options: DecodeOptions): string {
  const stream = tokenizer.stream(options);
  return ids.map((id) => stream.push(id)).join('') + stream.end();
}

describe.each(Object.entries(reference))('%s agrees with transformers', (name, cases) => {
  const loading = loadTokenizer(join(fixtures, name));
  test.each(cases.encodings)('encodes $text', async ({ text, ids }) => {
    expect([...(await loading).encode(text)]).toEqual(ids);
  });

  test.each([...cases.encodings, ...decodings.tokenizers[name]])(
    'decodes $decoded',
    async ({ ids, decoded, decoded_skip_special }) => {
      const tokenizer = await loading;
      expect(tokenizer.decode(ids)).toBe(decoded);
      expect(tokenizer.decode(Int32Array.from(ids), { skipSpecialTokens: true })).toBe(decoded_skip_special);
      expect(streamed(tokenizer, ids, {})).toBe(decoded);
      expect(streamed(tokenizer, ids, { skipSpecialTokens: true })).toBe(decoded_skip_special);
    },
  );

  test.each(cases.chats)('renders $rendered', async ({ messages, add_generation_prompt, rendered, ids }) => {
    const options = { addGenerationPrompt: add_generation_prompt };
    const { text, tokens } = (await loading).encodePrompt(messages, options);
    expect(text).toBe(rendered);
    expect([...tokens]).toEqual(ids);
  });

  test('knows the size of the vocabulary', async () => {
    expect((await loading).vocabSize).toBe(cases.vocab_size);
  });
});

describe('a byte-level tokenizer', () => {
  const loading = loadTokenizer(join(fixtures, 'gpt2-style-chatml'));

  test('takes the end token from tokenizer_config.json when no model config names one', async () => {
    const tokenizer = await loading;
    expect(tokenizer.eosTokenIds).toEqual([4]);
    expect(tokenizer.padTokenId).toBe(0);
  });

  test('holds back an unfinished character', async () => {
    const tokenizer = await loading;
    const ids = [...tokenizer.encode('é—🤖')];
    const stream = tokenizer.stream();
    const pieces = ids.map((id) => stream.push(id));
    expect(pieces.join('')).toBe('é—🤖');
    expect(pieces.some((piece) => piece === '')).toBe(true);
    expect(pieces.every((piece) => !piece.includes('\uFFFD'))).toBe(true);
    const cut = tokenizer.stream();
    expect(
      ids
        .slice(0, -1)
        .map((id) => cut.push(id))
        .join(''),
    ).toBe('é—');
    expect(cut.end()).toBe('\uFFFD');
  });

  test('shows single tokens', async () => {
    const tokenizer = await loading;
    const show = (text: string) => [...tokenizer.encode(text)].map((id) => tokenizer.tokenText(id));
    expect(show(' leading')).toContain(' ');
    expect(show('<|im_start|>')).toEqual(['<|im_start|>']);
    expect(show('🤖').every((token) => /^(<0x[0-9A-F]{2}>)+$/.test(token))).toBe(true);
    expect(tokenizer.tokenText(9999)).toBe('<unused 9999>');
  });

  test('leaves ids outside the vocabulary out of the text', async () => {
    const tokenizer = await loading;
    expect(tokenizer.decode([...tokenizer.encode('Hi'), 9999])).toBe('Hi');
  });

  test('passes a plain prompt as it is', async () => {
    const tokenizer = await loading;
    const { text, tokens } = tokenizer.encodePrompt('12 + 30 = ');
    expect(text).toBe('12 + 30 = ');
    expect(tokens).toEqual(tokenizer.encode('12 + 30 = '));
  });
});

describe('a model folder', () => {
  let folder: string;
  const write = (name: string, content: unknown) =>
    writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  const question = [{ role: 'user', content: 'Hi' }];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
    await write('tokenizer.json', await readFile(join(fixtures, 'gpt2-style-chatml', 'tokenizer.json'), 'utf8'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test('names end tokens in generation_config.json before config.json', async () => {
    await write('config.json', { eos_token_id: 2, pad_token_id: 1 });
    expect(await loadTokenizer(folder)).toMatchObject({ eosTokenIds: [2], padTokenId: 1 });
    await write('generation_config.json', { eos_token_id: [4, 2] });
    expect((await loadTokenizer(folder)).eosTokenIds).toEqual([4, 2]);
  });

  test('takes spaces before punctuation out when it says so, unless it is BPE', async () => {
    await write('tokenizer_config.json', { clean_up_tokenization_spaces: true });
    const around = (tokenizer: Tokenizer) => tokenizer.decode(tokenizer.encode('a , b .'));
    expect(around(await loadTokenizer(folder))).toBe('a , b .');
    const vocab = ['<unk>', 'a', 'b', '▁', ',', '.'].map((token) => [token, -1]);
    await write('tokenizer.json', {
      model: { type: 'Unigram', unk_id: 0, vocab },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
      decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
    });
    expect(around(await loadTokenizer(folder))).toBe('a, b.');
  });

  test('gives a plain prompt its BOS, and a rendered conversation none', async () => {
    const file = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
    await write('tokenizer.json', {
      ...file,
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [],
        special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
      },
    });
    await write('chat_template.jinja', '{{ messages[0].content }}');
    const tokenizer = await loadTokenizer(folder);
    expect([...tokenizer.encodePrompt('Hi').tokens]).toEqual([1, ...tokenizer.encode('Hi')]);
    expect(tokenizer.encodePrompt(question).tokens).toEqual(tokenizer.encode('Hi'));
  });

  test('may keep its template in tokenizer_config.json, as a text or under the name default', async () => {
    await write('tokenizer_config.json', { bos_token: { content: '<s>' }, chat_template: '{{ bos_token }}A' });
    expect((await loadTokenizer(folder)).renderPrompt(question)).toBe('<s>A');
    const templates = [
      { name: 'tool_use', template: 'B' },
      { name: 'default', template: 'C' },
    ];
    await write('tokenizer_config.json', { chat_template: templates });
    expect((await loadTokenizer(folder)).renderPrompt(question)).toBe('C');
    await write('chat_template.jinja', 'D');
    expect((await loadTokenizer(folder)).renderPrompt(question)).toBe('D');
    await rm(join(folder, 'chat_template.jinja'));
    await write('tokenizer_config.json', { chat_template: templates.slice(0, 1) });
    await expect(loadTokenizer(folder)).rejects.toThrow('a template named "default" (found: "tool_use")');
  });

  test('renders with tools, documents and without a generation prompt', async () => {
    const source =
      "{{ messages[0].content }}{{ tools[0].name if tools else '-' }}{{ documents | length if documents }}";
    await write('chat_template.jinja', `${source}{% if add_generation_prompt %}>{% endif %}`);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.renderPrompt(question)).toBe('Hi->');
    const options = { addGenerationPrompt: false, tools: [{ name: 'add' }], documents: [{ text: 'a' }, { text: 'b' }] };
    expect(tokenizer.renderPrompt(question, options)).toBe('Hiadd2');
    expect(tokenizer.encodePrompt(question, options).tokens).toEqual(tokenizer.encode('Hiadd2'));
  });

  test('may have a template of its own for tools, in tokenizer_config.json or chat_template.json', async () => {
    const templates = [
      { name: 'default', template: 'A' },
      { name: 'tool_use', template: 'B{{ tools | length }}' },
    ];
    await write('chat_template.json', { chat_template: templates });
    for (const name of ['chat_template.json', 'tokenizer_config.json']) {
      await write(name, { chat_template: templates });
      const tokenizer = await loadTokenizer(folder);
      expect(tokenizer.renderPrompt(question)).toBe('A');
      expect(tokenizer.renderPrompt(question, { tools: [{ name: 'add' }] })).toBe('B1');
    }
  });

  test('is empty where a field is not there, and refuses to look into it', async () => {
    await write('chat_template.jinja', '{{ messages[0].name }}{{ messages[0].name is defined }}');
    expect((await loadTokenizer(folder)).renderPrompt(question)).toBe('False');
    await write('chat_template.jinja', '{{ messages[0].name.first }}');
    const tokenizer = await loadTokenizer(folder);
    expect(() => tokenizer.renderPrompt(question)).toThrow('the field "first" of something that is not there');
  });

  // Expected ids: transformers 5.18.
  describe('whose tokenizer.json has no added tokens', () => {
    const text = '<s>Hello</s> Hello world<|im_end|>[PAD]';
    beforeEach(async () => {
      const file = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
      await write('tokenizer.json', { ...file, added_tokens: [] });
    });

    const flags = { lstrip: false, rstrip: false, normalized: false, single_word: false };
    test.each<[string, string, unknown, object, string]>([
      [
        'takes them from added_tokens_decoder',
        'tokenizer_config.json',
        { added_tokens_decoder: { 4: { ...flags, content: '<|im_end|>', special: true } }, eos_token: '<|im_end|>' },
        { eosTokenIds: [4], vocabSize: 600 },
        '<s>Hello</s> Hello world[PAD]',
      ],
      [
        'takes them from the names in tokenizer_config.json',
        'tokenizer_config.json',
        { bos_token: '<s>', eos_token: '</s>' },
        { eosTokenIds: [2], vocabSize: 600 },
        'Hello Hello world<|im_end|>[PAD]',
      ],
      [
        'gives a new token an id after all others',
        'tokenizer_config.json',
        { eos_token: { ...flags, content: '</s>' }, pad_token: '[PAD]' },
        { eosTokenIds: [2], padTokenId: 600, vocabSize: 601 },
        '<s>Hello Hello world<|im_end|>',
      ],
      [
        'takes them from special_tokens_map.json',
        'special_tokens_map.json',
        { eos_token: '</s>', pad_token: { ...flags, content: '<pad>' } },
        { eosTokenIds: [2], padTokenId: 0, vocabSize: 600 },
        '<s>Hello Hello world<|im_end|>[PAD]',
      ],
      [
        'takes additional special tokens',
        'tokenizer_config.json',
        { additional_special_tokens: ['<|im_end|>', '[NEW]'] },
        { eosTokenIds: [], vocabSize: 601 },
        '<s>Hello</s> Hello world[PAD]',
      ],
    ])('%s', async (_, name, content, expected, withoutSpecial) => {
      await write(name, content);
      const tokenizer = await loadTokenizer(folder);
      expect(tokenizer).toMatchObject(expected);
      const ids = tokenizer.encode(text);
      expect(tokenizer.decode(ids)).toBe(text);
      expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(withoutSpecial);
    });
  });

  test('without a chat template takes plain prompts only', async () => {
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.renderPrompt('Hi')).toBe('Hi');
    expect(() => tokenizer.renderPrompt(question)).toThrow('has no chat template');
  });

  test('reports what its template raises', async () => {
    await write('chat_template.jinja', "{{ raise_exception('roles must alternate') }}");
    const tokenizer = await loadTokenizer(folder);
    expect(() => tokenizer.renderPrompt(question)).toThrow(
      expect.objectContaining({
        code: 'tokenizer_invalid',
        message: expect.stringContaining('refuses the conversation: roles must alternate.') as string,
        where: { path: join(folder, 'chat_template.jinja'), field: 'chat_template' },
      }),
    );
  });

  test('reports a template that cannot be parsed', async () => {
    await write('chat_template.jinja', '{% if %}');
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer_invalid' });
  });

  test.each([
    ['not JSON', '{', 'is not valid JSON'],
    ['not an object', '[]', 'does not hold a JSON object'],
    ['no tokenizer', '{}', 'has no "model"'],
    ['an unknown model', '{"model":{"type":"Morse"}}', 'the type "Morse"; BPE and Unigram are supported.'],
    [
      'an unknown decoder',
      '{"model":{"type":"BPE","vocab":{},"merges":[]},"decoder":{"type":"CTC"}}',
      'type "CTC", which is not supported',
    ],
  ])('is refused when tokenizer.json is %s', async (_, content, message) => {
    await write('tokenizer.json', content);
    const error: unknown = await loadTokenizer(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'tokenizer_invalid', where: { path: join(folder, 'tokenizer.json') } });
    expect((error as Error).message).toContain(message);
  });

  test('is refused without tokenizer.json', async () => {
    await rm(join(folder, 'tokenizer.json'));
    await expect(loadTokenizer(folder)).rejects.toThrow('tokenizer.json does not exist');
  });
});
