/**
 * `npm run -s bench:memory`: the studio's estimate of a run's memory against the measured peak of its engine process, on three sizes,
 * with layers that keep what their gradients need and with such that compute it again.
 */
import { readDataset } from '../src-main/datasets/read-dataset.ts';
import { inspectCheckpoint } from '../src-main/services/models/inspect-checkpoint.ts';
import { estimateMemory } from '../src-main/services/models/estimate-memory.ts';
import { memorySettings } from '../src-main/services/models/memory-settings.ts';
import { memoryRun } from '../src-main/services/models/run-memory.ts';
import { modelFolder } from './make-model.ts';
import { measureStudio } from './measure.ts';
import { sizes, type SizeName } from './sizes.ts';

/** How far an estimate may be from what was measured. */
const TOLERANCE = 0.2;

const THREADS = 2;

const names = process.argv.length > 2 ? (process.argv.slice(2) as SizeName[]) : (['S', 'M', 'L'] as const);
console.log('size  gradient_checkpointing  estimate MiB  measured MiB  difference');
for (const name of names) {
  const size = sizes[name];
  const folder = await modelFolder(name);
  const { config, tokenizer } = await inspectCheckpoint(folder);
  const rows = await readDataset(`${folder}/train.jsonl`);
  const lengths = rows.map(({ prompt }) => tokenizer.encodePrompt(prompt).tokens.length);
  const promptTokens = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  for (const gradient_checkpointing of [false, true]) {
    const run = memoryRun('grpo', {
      prompts_per_step: size.prompts,
      num_generations: size.generations,
      max_completion_length: size.newTokens,
      lora_r: size.loraRank,
      gradient_checkpointing,
    });
    const { total } = estimateMemory(config, memorySettings(run, { promptTokens, completionTokens: 0 }));
    const settings = { gradient_checkpointing };
    const { peakBytes } = await measureStudio({ folder, size, steps: size.steps, threads: THREADS, settings });
    const difference = total / peakBytes - 1;
    const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0).padStart(12);
    console.log(
      `${name}     ${String(gradient_checkpointing).padEnd(22)}  ${mebibytes(total)}  ${mebibytes(peakBytes)}  ${(100 * difference).toFixed(1).padStart(8)} %`,
    );
    if (Math.abs(difference) > TOLERANCE) process.exitCode = 1;
  }
}
