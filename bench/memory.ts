/** `npm run -s bench:memory`: the studio's estimate of a run's memory against the measured peak of its engine process, on three sizes. */
import { readDataset } from '../src-main/datasets/read-dataset.ts';
import { inspectCheckpoint } from '../src-main/services/models/inspect-checkpoint.ts';
import { estimateMemory } from '../src-main/services/models/estimate-memory.ts';
import { modelFolder } from './make-model.ts';
import { measureStudio } from './measure.ts';
import { sizes, type SizeName } from './sizes.ts';

/** How far an estimate may be from what was measured. */
const TOLERANCE = 0.2;

const THREADS = 2;

const names = process.argv.length > 2 ? (process.argv.slice(2) as SizeName[]) : (['S', 'M', 'L'] as const);
console.log('size  estimate MiB  measured MiB  difference');
for (const name of names) {
  const size = sizes[name];
  const folder = await modelFolder(name);
  const { config, tokenizer } = await inspectCheckpoint(folder);
  const rows = await readDataset(`${folder}/train.jsonl`);
  const lengths = rows.map(({ prompt }) => tokenizer.encodePrompt(prompt).tokens.length);
  const { total } = estimateMemory(config, {
    groups: size.prompts,
    generations: size.generations,
    promptTokens: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
    completionTokens: size.newTokens,
    newTokens: size.newTokens,
    samples: true,
    microBatches: 1,
    cutsByMemory: true,
    loraRank: size.loraRank,
    loraTargets: [],
    int8: false,
    evaluationRows: 0,
    reference: true,
  });
  const { peakBytes } = await measureStudio({ folder, size, steps: size.steps, threads: THREADS });
  const difference = total / peakBytes - 1;
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0).padStart(12);
  console.log(
    `${name}     ${mebibytes(total)}  ${mebibytes(peakBytes)}  ${(100 * difference).toFixed(1).padStart(8)} %`,
  );
  if (Math.abs(difference) > TOLERANCE) process.exitCode = 1;
}
