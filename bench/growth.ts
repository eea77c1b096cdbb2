/** `npm run -s bench:growth`: how the cost of a step grows with the group, the lengths, the model and the database. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { grpoConfigSchema } from '../src-main/contract/config.ts';
import type { GroupRecord, StepRecord } from '../src-main/contract/engine.ts';
import { openStore } from '../src-main/store/open.ts';
import { modelFolder } from './make-model.ts';
import { measureStudio } from './measure.ts';
import { sizes, type BenchSize, type SizeName } from './sizes.ts';
import { median } from './summary.ts';

const { values } = parseArgs({
  options: {
    completions: { type: 'string', default: '1000000' },
    'database-only': { type: 'boolean', default: false },
  },
});

/** Draws a bar, the longest of which is 40 characters. */
function draw(title: string, rows: { label: string; seconds: number }[]): void {
  const most = Math.max(...rows.map(({ seconds }) => seconds));
  console.log(title);
  for (const { label, seconds } of rows) {
    console.log(
      `  ${label.padEnd(24)} ${seconds.toFixed(3).padStart(8)} s  ${'█'.repeat(Math.round((40 * seconds) / most))}`,
    );
  }
  console.log('');
}

async function stepSeconds(name: SizeName, changes: Partial<BenchSize>): Promise<number> {
  const size = { ...sizes[name], loraRank: 0, steps: 3, forced: true, ...changes };
  const { steps } = await measureStudio({
    folder: await modelFolder(name, size.promptCharacters),
    size,
    steps: size.steps,
    threads: 2,
  });
  return median(steps.slice(1).map(({ step }) => step));
}

if (!values['database-only']) {
  const base = { prompts: 2, generations: 4, newTokens: 32 };
  const rows = async (changes: Record<string, Partial<BenchSize>>) => {
    const measured: { label: string; seconds: number }[] = [];
    for (const [label, change] of Object.entries(changes))
      measured.push({ label, seconds: await stepSeconds('M', { ...base, ...change }) });
    return measured;
  };
  draw(
    'Group size G',
    await rows({
      '2': { generations: 2 },
      '4': { generations: 4 },
      '8': { generations: 8 },
      '16': { generations: 16 },
    }),
  );
  draw(
    'Prompt characters',
    await rows({
      '50': { promptCharacters: 50 },
      '100': { promptCharacters: 100 },
      '200': { promptCharacters: 200 },
      '400': { promptCharacters: 400 },
    }),
  );
  draw(
    'Completion tokens',
    await rows({
      '16': { newTokens: 16 },
      '32': { newTokens: 32 },
      '64': { newTokens: 64 },
      '128': { newTokens: 128 },
    }),
  );
  draw('Model', [
    { label: 'S, 1 M parameters', seconds: await stepSeconds('S', base) },
    { label: 'M, 14 M parameters', seconds: await stepSeconds('M', base) },
    { label: 'L, 135 M, LoRA', seconds: await stepSeconds('L', { ...base, loraRank: 16 }) },
  ]);
}

/** A step of 8 × 8 completions of 40 tokens, as a run of size S records it. */
function recordedStep(step: number): StepRecord {
  const tokens = 40;
  const floats = () => Float32Array.from({ length: tokens }, (_, i) => -i / 40);
  const groups: GroupRecord[] = Array.from({ length: 8 }, (_, group) => ({
    row: (step * 8 + group) % 2048,
    prompt: 'What is 12 + 30?',
    promptTokens: new Int32Array(20),
    completions: Array.from({ length: 8 }, (_, place) => ({
      text: `<think>12 + 30 = ${step + place}</think><answer>${step + place}</answer>`,
      tokens: new Int32Array(tokens),
      finishReason: 'eos',
      reward: place % 2,
      advantage: place % 2 ? 1 : -1,
      scores: [
        { rule: 'accuracy', score: place % 2, why: `${step} is compared with 42` },
        { rule: 'format', score: 1, why: 'think and answer, each once' },
      ],
      samplingLogps: floats(),
      oldLogps: floats(),
      referenceLogps: floats(),
      policyLogps: floats(),
      entropies: floats(),
      coefficients: floats(),
    })),
  }));
  const metrics = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`metric/${i}`, step + i]));
  return { step, metrics, groups };
}

const folder = mkdtempSync(join(tmpdir(), 'grpo-growth-'));
try {
  const store = openStore(join(folder, 'studio.sqlite'));
  const config = grpoConfigSchema.parse({
    model: '/m',
    dataset: '/d',
    max_steps: 10,
    rewards: [{ name: 'accuracy', type: 'answer_match' }],
  });
  const makeRun = (id: string) =>
    store.writer.createRun({
      id,
      name: id,
      run: { type: 'grpo', config },
      directory: folder,
      datasetHash: 'd',
      evalDatasetHash: null,
    });
  const wanted = Number(values.completions);
  const writing: { label: string; seconds: number }[] = [];
  const opening: { label: string; seconds: number }[] = [];
  const stepsOfRun = 1000;
  let step = 0;
  for (let completions = 0, run = ''; completions < wanted; completions += 64, step++) {
    if (step % stepsOfRun === 0) makeRun((run = `run-${step / stepsOfRun}`));
    store.writer.recordStep(run, recordedStep((step % stepsOfRun) + 1));
    const decade = Math.log10(completions + 64);
    if (completions > 0 && Math.floor(decade) === Math.floor(Math.log10(completions)) && completions + 64 < wanted)
      continue;
    const label = `${(completions + 64).toLocaleString('en')} completions`;
    const times = Array.from({ length: 5 }, () => {
      const record = recordedStep((step % stepsOfRun) + 1);
      const start = performance.now();
      store.writer.recordStep(run, record);
      return (performance.now() - start) / 1000;
    });
    writing.push({ label, seconds: median(times) });
    const start = performance.now();
    store.reader.getRun(run);
    for (const name of store.reader.listMetricNames(run)) store.reader.getMetricSeries(run, name);
    for (const group of store.reader.listGroups(run, 1)) store.reader.listCompletions(group.id);
    opening.push({ label, seconds: (performance.now() - start) / 1000 });
  }
  draw('Writing a step of 64 completions', writing);
  draw('Opening a run: all its metrics and the groups of a step', opening);
  store.close();
  console.log(`Database: ${(statSync(join(folder, 'studio.sqlite')).size / 1e9).toFixed(2)} GB`);
} finally {
  rmSync(folder, { recursive: true });
}
