/**
 * Which of llama.cpp's built-in text splitters does what a byte-level tokenizer.json says. It is found by comparing the splitting
 * rules themselves, so a tokenizer with other rules is refused instead of splitting text in a way its model never saw.
 */

/** Splitting rules by the name that `tokenizer.ggml.pre` has for them. */
interface Splitter {
  /** The regex of the tokenizer's Split; null where its ByteLevel splits as GPT-2 does. */
  pattern: string | null;
  /** Single digits are split off before. */
  digits?: boolean;
  /** The name where whole words in the vocabulary go before merges, and where merges decide; null where llama.cpp has no such splitter. */
  name: { ignoreMerges: string | null; merges: string | null };
}

const contractions = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`;
const rest = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const before = String.raw`[^\r\n\p{L}\p{N}]?`;

const splitters: readonly Splitter[] = [
  { pattern: null, name: { ignoreMerges: null, merges: 'gpt-2' } },
  { pattern: null, digits: true, name: { ignoreMerges: null, merges: 'smollm' } },
  {
    // Llama 3
    pattern: String.raw`${contractions}|${before}\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|${rest}`,
    name: { ignoreMerges: 'llama-bpe', merges: 'smaug-bpe' },
  },
  {
    // Qwen 2, 2.5 and 3
    pattern: String.raw`${contractions}|${before}\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|${rest}`,
    name: { ignoreMerges: null, merges: 'qwen2' },
  },
  {
    // Phi-4-mini
    pattern: String.raw`${before}${upper}*${lower}+${contractions}?|${before}${upper}+${lower}*${contractions}?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${rest}`,
    name: { ignoreMerges: null, merges: 'gpt-4o' },
  },
  {
    // Mistral Nemo
    pattern: String.raw`${before}${upper}*${lower}+|${before}${upper}+${lower}*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${rest}`,
    name: { ignoreMerges: 'tekken', merges: null },
  },
];

type Json = Readonly<Record<string, unknown>>;

/**
 * @param preTokenizer of tokenizer.json
 * @param ignoreMerges of its model
 * @returns the name, or null when llama.cpp has no splitter for it
 */
export function preTokenizerName(preTokenizer: unknown, ignoreMerges: boolean): string | null {
  const steps = stepsOf(preTokenizer);
  const byteLevel = steps.pop();
  if (byteLevel?.['type'] !== 'ByteLevel' || byteLevel['add_prefix_space'] === true) return null;
  let digits = false;
  let pattern: string | null = null;
  for (const step of steps) {
    const regex = (step['pattern'] as Json | undefined)?.['Regex'];
    const splits = step['type'] === 'Split' && step['behavior'] === 'Isolated' && step['invert'] !== true;
    if (step['type'] === 'Digits' && step['individual_digits'] === true && pattern === null && !digits) digits = true;
    else if (splits && typeof regex === 'string' && pattern === null) pattern = regex;
    else return null;
  }
  // A ByteLevel that splits as GPT-2 does after another split would split twice.
  if ((byteLevel['use_regex'] !== false) !== (pattern === null)) return null;
  const found = splitters.find((splitter) => splitter.pattern === pattern && (splitter.digits ?? false) === digits);
  return found?.name[ignoreMerges ? 'ignoreMerges' : 'merges'] ?? null;
}

function stepsOf(preTokenizer: unknown): Json[] {
  const step = preTokenizer as Json | null;
  if (step === null) return [];
  return step['type'] === 'Sequence' ? [...(step['pretokenizers'] as Json[])] : [step];
}
