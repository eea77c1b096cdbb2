/** What the bench trains: three sizes, the same for the studio and its peer. */

export type SizeName = 'S' | 'M' | 'L';

/** Shape of a random-weight Llama. */
export interface ModelShape {
  vocab_size: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads: number;
}

export interface BenchSize {
  /** null: the small trained policy beside this file. */
  shape: ModelShape | null;
  /** Random characters of each prompt, where the model is random. */
  promptCharacters: number;
  prompts: number;
  generations: number;
  newTokens: number;
  /** Whether every completion gets all its tokens. */
  forced: boolean;
  loraRank: number;
  /** Steps of one round; the first warms up and does not count. */
  steps: number;
}

export const sizes: Readonly<Record<SizeName, BenchSize>> = {
  S: {
    shape: null,
    promptCharacters: 0,
    prompts: 8,
    generations: 8,
    newTokens: 40,
    forced: false,
    loraRank: 0,
    steps: 30,
  },
  M: {
    shape: {
      vocab_size: 4096,
      hidden_size: 384,
      intermediate_size: 1024,
      num_hidden_layers: 8,
      num_attention_heads: 6,
      num_key_value_heads: 6,
    },
    promptCharacters: 220,
    prompts: 4,
    generations: 8,
    newTokens: 128,
    forced: true,
    loraRank: 0,
    steps: 3,
  },
  L: {
    shape: {
      vocab_size: 49152,
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
    },
    promptCharacters: 100,
    prompts: 8,
    generations: 4,
    newTokens: 64,
    forced: true,
    loraRank: 16,
    steps: 2,
  },
};
