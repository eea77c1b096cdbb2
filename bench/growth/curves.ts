/** Measures how a step's time grows with the group, the lengths and the model: one of them at a time, the others as in `base`. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readDataset } from '../../src-main/datasets/read-dataset.ts';
import { loadTokenizer } from '../../src-main/tokenizer/tokenizer.ts';
import { randomModel } from '../make-model.ts';
import { measureStudio } from '../measure.ts';
import { sizes, type BenchSize, type ModelShape } from '../sizes.ts';
import { smallest } from '../summary.ts';

export interface Curve {
  title: string;
  xLabel: string;
  points: { x: number; seconds: number }[];
}

/** Every completion gets all its tokens, and every weight is trained. */
const base: BenchSize = { ...sizes.M, prompts: 2, generations: 4, newTokens: 32, steps: 4 };
const baseShape = sizes.M.shape as ModelShape;

/** Llamas of 64 numbers a head, from 1 to 116 million parameters. */
const shapes: readonly ModelShape[] = [
  [2, 128, 384],
  [4, 256, 704],
  [8, 384, 1024],
  [12, 640, 1728],
  [16, 768, 2048],
].map(([layers, hidden, intermediate]) => ({
  vocab_size: baseShape.vocab_size,
  hidden_size: hidden,
  intermediate_size: intermediate,
  num_hidden_layers: layers,
  num_attention_heads: hidden / 64,
  num_key_value_heads: hidden / 64,
}));

/** @param report told of each point as it is measured */
export async function measureCurves(report: (line: string) => void): Promise<Curve[]> {
  async function seconds(changes: Partial<BenchSize>, shape: ModelShape = baseShape): Promise<number> {
    const size = { ...base, ...changes };
    const folder = await folderOf(shape, size.promptCharacters);
    const measurement = await measureStudio({ folder, size, steps: size.steps, threads: availableParallelism() });
    return smallest(measurement.steps.slice(1).map(({ step }) => step));
  }

  async function curve<Value>(
    title: string,
    xLabel: string,
    values: readonly Value[],
    measure: (value: Value) => Promise<{ x: number; seconds: number }>,
  ): Promise<Curve> {
    const points: Curve['points'] = [];
    for (const value of values) {
      const point = await measure(value);
      report(`${title} ${point.x.toLocaleString('en')}: ${point.seconds.toFixed(3)} s`);
      points.push(point);
    }
    return { title, xLabel, points };
  }

  return [
    await curve('Group size G', 'completions of each of 2 prompts', [2, 4, 8, 16, 32], async (generations) => ({
      x: generations,
      seconds: await seconds({ generations }),
    })),
    await curve('Prompt length', 'tokens of each of 2 prompts', [50, 110, 220, 450, 900], async (promptCharacters) => ({
      x: await promptTokens(await folderOf(baseShape, promptCharacters)),
      seconds: await seconds({ promptCharacters }),
    })),
    await curve('Completion length', 'tokens of each of 8 completions', [16, 32, 64, 128, 256], async (newTokens) => ({
      x: newTokens,
      seconds: await seconds({ newTokens }),
    })),
    await curve('Model size', 'parameters, all trained', shapes, async (shape) => ({
      x: parametersOf(shape),
      seconds: await seconds({}, shape),
    })),
  ];
}

function folderOf(shape: ModelShape, promptCharacters: number): Promise<string> {
  return randomModel(`growth-${shape.num_hidden_layers}x${shape.hidden_size}`, shape, promptCharacters);
}

/** Of a prompt of a folder's dataset, on average. */
async function promptTokens(folder: string): Promise<number> {
  const tokenizer = await loadTokenizer(folder);
  const rows = await readDataset(join(folder, 'train.jsonl'));
  return Math.round(
    rows.reduce((sum, { prompt }) => sum + tokenizer.encodePrompt(prompt).tokens.length, 0) / rows.length,
  );
}

function parametersOf({ vocab_size, hidden_size, intermediate_size, num_hidden_layers }: ModelShape): number {
  const layer = 4 * hidden_size ** 2 + 3 * hidden_size * intermediate_size + 2 * hidden_size;
  return vocab_size * hidden_size + num_hidden_layers * layer + hidden_size;
}
