/** SentencePiece-style BPE in llama.cpp's terms: it has scores instead of merges, and joins the neighbours whose token scores best. */

type Json = Readonly<Record<string, unknown>>;

/**
 * Checks that a tokenizer is what llama.cpp's SentencePiece tokenizer computes: spaces as `▁`, bytes for unknown characters.
 *
 * @returns whether a space is put before a text
 */
export function requireSentencePiece(
  tokenizer: Json,
  refuse: (field: string, message: string) => never,
): { prefixSpace: boolean } {
  const model = tokenizer['model'] as Json;
  if (model['byte_fallback'] !== true)
    refuse('model.byte_fallback', 'a BPE tokenizer without byte fallback is not what llama.cpp does');
  let prefixSpace = false;
  let replaced = false;
  for (const step of stepsOf(tokenizer['normalizer'], 'normalizers')) {
    if (step['type'] === 'Prepend' && step['prepend'] === '▁') prefixSpace = true;
    else if (step['type'] === 'Replace' && (step['pattern'] as Json)['String'] === ' ' && step['content'] === '▁')
      replaced = true;
    else refuse('normalizer', `its normalizer ${String(step['type'])} is not what llama.cpp does`);
  }
  for (const step of stepsOf(tokenizer['pre_tokenizer'], 'pretokenizers')) {
    const splitsSpaces = step['type'] === 'Split' && (step['pattern'] as Json)['String'] === ' ';
    if (step['type'] === 'Metaspace' && step['replacement'] === '▁') {
      replaced = true;
      const scheme = step['prepend_scheme'] ?? (step['add_prefix_space'] === false ? 'never' : 'always');
      if (scheme !== 'never') prefixSpace = true;
    } else if (!splitsSpaces || !replaced)
      refuse('pre_tokenizer', `its pre_tokenizer ${String(step['type'])} is not what llama.cpp does`);
    // Once spaces are marks, a split at spaces (Gemma) splits nothing.
  }
  if (!replaced) refuse('normalizer', 'it does not write spaces as ▁, which llama.cpp does');
  return { prefixSpace };
}

/**
 * Scores that make llama.cpp join what the merges join first: minus the rank of the first merge that makes a token.
 *
 * @returns scores, and whether the merges are closed as those of SentencePiece models are: every two tokens that make up a token merge
 */
export function mergeScores(
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
): { scores: number[]; isClosed: boolean } {
  const ranks = new Map<string, number>();
  const pairs = new Set<string>();
  for (const [rank, [left, right]] of merges.entries()) {
    const token = left + right;
    if (!ranks.has(token)) ranks.set(token, rank);
    pairs.add(`${left} ${right}`);
  }
  const known = new Set(tokens);
  const isClosed = [...ranks.keys()].every((token) => {
    const characters = [...token];
    return characters.every((_, cut) => {
      if (cut === 0) return true;
      const [left, right] = [characters.slice(0, cut).join(''), characters.slice(cut).join('')];
      return !known.has(left) || !known.has(right) || pairs.has(`${left} ${right}`);
    });
  });
  // Single characters and tokens that no merge makes are never the better choice.
  return { scores: tokens.map((token) => -(ranks.get(token) ?? merges.length)), isClosed };
}

function stepsOf(step: unknown, list: string): Json[] {
  if (step === null || step === undefined) return [];
  const json = step as Json;
  return json['type'] === 'Sequence' ? (json[list] as Json[]) : [json];
}
