/** Counts how long a dataset's texts are in a model's tokens. */
import { join } from 'node:path';
import type { Lengths, LengthStatistics } from '../../contract/api/datasets.ts';
import { readJsonFile } from '../../checkpoint/checkpoint-files.ts';
import { parseRow } from '../../datasets/parse-row.ts';
import { normalisedKey } from '../../datasets/prompt-key.ts';
import { RowFileReader } from '../../datasets/row-file.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';

/** Of a larger dataset, so many rows spread evenly are counted. */
const rowsCounted = 10_000;

/** Columns that a completion is like, the likeliest first. */
const answerColumns = ['completion', 'chosen', 'answer'];

interface Input {
  parts: { path: string; rows: number }[];
  modelFolder: string;
}

/** @throws StudioError tokenizer_invalid when the model's tokenizer cannot be read, or its template refuses a prompt */
export async function lengthStatistics({ parts, modelFolder }: Input): Promise<Omit<LengthStatistics, 'model'>> {
  const tokenizer = await loadTokenizer(modelFolder);
  const total = parts.reduce((sum, { rows }) => sum + rows, 0);
  const prompts = new Counts();
  const answers = new Counts();
  const known = new Set<string>();
  let column: string | null = null;
  let repeatedPrompts = 0;
  let emptyAnswers = 0;
  let counted = 0;
  for (const part of parts) {
    for await (const line of spreadLines(part, Math.max(1, total / rowsCounted))) {
      const { prompt, columns } = parseRow(JSON.parse(line), counted++, {});
      prompts.add(tokenizer.encodePrompt(prompt).tokens.length);
      const key = normalisedKey(prompt);
      if (known.has(key)) repeatedPrompts++;
      known.add(key);
      column ??= answerColumns.find((name) => name in columns) ?? null;
      if (column === null) continue;
      const length = tokenCount(columns[column], tokenizer);
      if (length === 0) emptyAnswers++;
      answers.add(length);
    }
  }
  return {
    contextLength: await contextLengthOf(modelFolder),
    counted,
    total,
    prompts: prompts.lengths(),
    answers: column === null ? null : { column, ...answers.lengths() },
    repeatedPrompts,
    emptyAnswers: column === null ? null : emptyAnswers,
  };
}

/** Every so many-th line of a row file; blocks of lines where rows are left out, since reading a line reads its neighbours. */
async function* spreadLines({ path, rows }: Input['parts'][number], stride: number): AsyncGenerator<string> {
  const block = 64;
  const reader = await RowFileReader.open(path);
  try {
    for (
      let start = 0;
      start < rows;
      start = Math.max(start + 1, Math.round((start + block * stride) / block) * block)
    ) {
      yield* await reader.lines(start, Math.min(rows, start + block));
    }
  } finally {
    await reader.close();
  }
}

function tokenCount(value: unknown, tokenizer: Tokenizer): number {
  if (value === null || value === undefined) return 0;
  return tokenizer.encode(typeof value === 'string' ? value : JSON.stringify(value)).length;
}

async function contextLengthOf(folder: string): Promise<number | null> {
  const config = await readJsonFile(join(folder, 'config.json'), 'model_invalid');
  const length = config?.['max_position_embeddings'] ?? config?.['n_positions'];
  return typeof length === 'number' ? length : null;
}

/** How often each number of tokens occurred. */
class Counts {
  readonly #counts = new Map<number, number>();
  #rows = 0;
  #sum = 0;

  add(tokens: number): void {
    this.#counts.set(tokens, (this.#counts.get(tokens) ?? 0) + 1);
    this.#rows++;
    this.#sum += tokens;
  }

  lengths(): Lengths {
    const counts = [...this.#counts].sort(([a], [b]) => a - b);
    const quantile = (share: number): number => {
      let below = 0;
      for (const [tokens, rows] of counts) {
        below += rows;
        if (below >= share * this.#rows) return tokens;
      }
      return 0;
    };
    return {
      counts,
      mean: this.#rows === 0 ? 0 : this.#sum / this.#rows,
      median: quantile(0.5),
      p95: quantile(0.95),
      longest: counts.at(-1)?.[0] ?? 0,
    };
  }
}
