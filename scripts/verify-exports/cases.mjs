/** The models that `npm run exports:verify` exports: one small random model of each family, and the starter model. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const letters = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
const rest = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const contractions = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`;

const splitBy = (pattern) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
});

/** The fixtures' tokenizers, the byte-level one also with the splitting rules of other families. */
const tokenizers = {
  gpt2: { fixture: 'gpt2-style-chatml' },
  digits: {
    fixture: 'gpt2-style-chatml',
    preTokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
  },
  llama3: {
    fixture: 'gpt2-style-chatml',
    preTokenizer: splitBy(String.raw`${contractions}|${letters}|\p{N}{1,3}|${rest}`),
  },
  qwen2: { fixture: 'gpt2-style-chatml', preTokenizer: splitBy(String.raw`${contractions}|${letters}|\p{N}|${rest}`) },
  sentencepiece: { fixture: 'sentencepiece-bpe-style-strict' },
};

const size = {
  hidden_size: 64,
  intermediate_size: 160,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 256,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 0,
};
const everyLinear = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
const plain = (theta) => ({ rope_type: 'default', rope_theta: theta });

export const cases = [
  {
    name: 'llama',
    tokenizer: 'gpt2',
    config: { ...size, model_type: 'llama', tie_word_embeddings: true, rope_parameters: plain(10000) },
    adapter: { r: 4, lora_alpha: 8, target_modules: everyLinear },
  },
  {
    name: 'llama-3.2',
    tokenizer: 'llama3',
    dtype: 'bfloat16',
    config: {
      ...size,
      model_type: 'llama',
      head_dim: 32,
      tie_word_embeddings: true,
      rope_parameters: {
        rope_type: 'llama3',
        rope_theta: 500000,
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 64,
      },
    },
    adapter: { r: 8, lora_alpha: 4, use_rslora: true, target_modules: ['q_proj', 'v_proj'] },
  },
  {
    name: 'llama-yarn',
    tokenizer: 'gpt2',
    config: {
      ...size,
      model_type: 'llama',
      attention_bias: true,
      mlp_bias: true,
      rope_parameters: { rope_type: 'yarn', rope_theta: 10000, factor: 4, original_max_position_embeddings: 64 },
    },
  },
  {
    name: 'llama-linear',
    tokenizer: 'sentencepiece',
    config: { ...size, model_type: 'llama', rope_parameters: { rope_type: 'linear', rope_theta: 10000, factor: 2 } },
  },
  {
    name: 'smollm2',
    tokenizer: 'digits',
    config: { ...size, model_type: 'llama', tie_word_embeddings: true, rope_parameters: plain(100000) },
  },
  {
    name: 'mistral',
    tokenizer: 'sentencepiece',
    config: { ...size, model_type: 'mistral', sliding_window: 128, rope_parameters: plain(10000) },
    adapter: { r: 4, lora_alpha: 8, target_modules: everyLinear },
  },
  {
    name: 'qwen2',
    tokenizer: 'qwen2',
    config: { ...size, model_type: 'qwen2', tie_word_embeddings: true, rope_parameters: plain(1000000) },
    adapter: { r: 4, lora_alpha: 8, target_modules: everyLinear },
  },
  {
    name: 'qwen3',
    tokenizer: 'qwen2',
    config: { ...size, model_type: 'qwen3', head_dim: 32, tie_word_embeddings: true, rope_parameters: plain(1000000) },
    adapter: { r: 4, lora_alpha: 8, target_modules: everyLinear },
  },
  {
    name: 'smollm3',
    tokenizer: 'llama3',
    config: { ...size, model_type: 'smollm3', tie_word_embeddings: true, rope_parameters: plain(5000000) },
    adapter: { r: 4, lora_alpha: 8, target_modules: everyLinear },
  },
  {
    name: 'phi3',
    tokenizer: 'sentencepiece',
    config: { ...size, model_type: 'phi3', rope_parameters: plain(10000) },
    adapter: { r: 4, lora_alpha: 8, target_modules: ['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj'] },
  },
  {
    name: 'phi4-mini',
    tokenizer: 'gpt2',
    config: {
      ...size,
      model_type: 'phi3',
      hidden_size: 128,
      tie_word_embeddings: true,
      // llama.cpp rounds the context up to 256, and takes the long factors above the original one.
      max_position_embeddings: 512,
      original_max_position_embeddings: 256,
      rope_parameters: {
        rope_type: 'longrope',
        rope_theta: 10000,
        partial_rotary_factor: 0.75,
        short_factor: Array.from({ length: 12 }, (_, i) => 1 + 0.05 * i),
        long_factor: Array.from({ length: 12 }, (_, i) => 1 + 0.5 * i),
        original_max_position_embeddings: 256,
      },
    },
  },
  {
    name: 'gemma3',
    tokenizer: 'sentencepiece',
    config: {
      ...size,
      model_type: 'gemma3_text',
      head_dim: 32,
      query_pre_attn_scalar: 32,
      sliding_window: 6,
      layer_types: ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'],
      rope_parameters: { full_attention: plain(1000000), sliding_attention: plain(10000) },
    },
    adapter: { r: 4, lora_alpha: 8, target_modules: everyLinear },
  },
];

/** Writes a case's tokenizer into a folder, and gives the size of its vocabulary. */
export function writeTokenizer(root, name, folder) {
  const { fixture, preTokenizer } = tokenizers[name];
  const from = join(root, 'e2e/fixtures/golden/tokenizers', fixture);
  mkdirSync(folder, { recursive: true });
  cpSync(from, folder, { recursive: true });
  const path = join(folder, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(path, 'utf8'));
  if (preTokenizer !== undefined) tokenizer.pre_tokenizer = preTokenizer;
  writeFileSync(path, JSON.stringify(tokenizer));
  return Object.keys(tokenizer.model.vocab).length;
}
