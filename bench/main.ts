/** The bench: training steps of the studio, and of TRL on the same checkpoints, prompts and settings, in alternation. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { modelFolder } from './make-model.ts';
import { measurePeer, measureStudio, type Job, type Measurement } from './measure.ts';
import { sizes, type SizeName } from './sizes.ts';
import { largest, median, smallest, summarize, type Summary } from './summary.ts';

const usage = `Usage: npm run -s bench -- [--peer PYTHON] [--size S|M|L] [--rounds N] [--steps N] [--json]
  --peer    a Python that has torch, trl, peft, transformers and datasets; without it the studio runs alone
  --size    one size; all three by default
  --rounds  times that each side runs, in alternation (3)
  --steps   steps of a run, of which the first does not count
  --json    ends with one JSON line`;

interface Options {
  peer: string | null;
  names: SizeName[];
  rounds: number;
  steps: number | null;
  json: boolean;
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      peer: { type: 'string' },
      size: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      steps: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const names = (Object.keys(sizes) as SizeName[]).filter((name) => name === (values.size ?? name));
  const rounds = Number(values.rounds);
  const steps = values.steps === undefined ? null : Number(values.steps);
  const count = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (values.help || names.length === 0 || !count(rounds, 1) || (steps !== null && !count(steps, 2))) return null;
  return { peer: values.peer ?? null, names, rounds, steps, json: values.json };
}

/** The thread count whose steps are shortest: a trial run of each. */
async function bestThreads(measure: (job: Job) => Promise<Measurement>, job: Omit<Job, 'threads'>): Promise<number> {
  const counts = [...new Set([1, availableParallelism()])];
  const times: number[] = [];
  for (const threads of counts) {
    const { step } = summarize(await measure({ ...job, steps: Math.min(job.steps, 4), threads }));
    times.push(step);
  }
  return counts[times.indexOf(Math.min(...times))];
}

async function benchSize(name: SizeName, { peer, rounds, steps }: Options) {
  const size = sizes[name];
  const job = { folder: await modelFolder(name), size, steps: steps ?? size.steps };
  const sides = [
    ...(peer === null ? [] : [{ side: 'trl', measure: (given: Job) => measurePeer(peer, given) }]),
    { side: 'studio', measure: measureStudio },
  ];
  const threads: Record<string, number> = {};
  const results: Record<string, Summary[]> = {};
  for (const { side, measure } of sides) threads[side] = await bestThreads(measure, job);
  for (let round = 0; round < rounds; round++) {
    for (const { side, measure } of sides) {
      const summary = summarize(await measure({ ...job, threads: threads[side] }));
      (results[side] ??= []).push(summary);
      console.log(`${name} round ${round + 1}  ${side.padEnd(6)} ${describe(summary)}  (threads: ${threads[side]})`);
    }
  }
  return { ...ratios(name, results['trl'], results['studio']), ...medians(results), threads };
}

function describe({ step, sampling, samplingRate, updateRate, peakBytes }: Summary): string {
  return (
    `${step.toFixed(3)} s a step (sampling ${sampling.toFixed(3)} s)  sampling ${samplingRate.toFixed(0)} tokens/s  ` +
    `update ${updateRate.toFixed(0)} tokens/s  peak ${(peakBytes / 1e6).toFixed(0)} MB`
  );
}

/** Peer ÷ studio, round by round; the median of the rounds counts. */
function ratios(name: SizeName, peer: Summary[] | undefined, studio: Summary[]): Record<string, number> {
  if (peer === undefined) return {};
  const measures: [string, (summary: Summary) => number][] = [
    ['step_ratio', ({ step }) => step],
    ['sampling_ratio', ({ sampling, tokens }) => sampling / tokens],
    ['update_ratio', ({ update, tokens }) => update / tokens],
    ['memory_ratio', ({ peakBytes }) => peakBytes],
  ];
  return Object.fromEntries(
    measures.map(([ratio, of]) => {
      const values = studio.map((summary, round) => of(peer[round]) / of(summary));
      const spread = `${smallest(values).toFixed(2)}–${largest(values).toFixed(2)}`;
      console.log(`${name} ${ratio.padEnd(14)} ${median(values).toFixed(2)}  (${spread})`);
      return [ratio, round(median(values))];
    }),
  );
}

function medians(results: Record<string, Summary[]>): Record<string, Record<string, number>> {
  const of = (summaries: Summary[]): Record<string, number> =>
    Object.fromEntries(
      (Object.keys(summaries[0]) as (keyof Summary)[]).map((key) => [
        key,
        round(median(summaries.map((summary) => summary[key]))),
      ]),
    );
  return Object.fromEntries(Object.entries(results).map(([side, summaries]) => [side, of(summaries)]));
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}

const options = readOptions();
if (options === null) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const report: Partial<Record<SizeName, object>> = {};
  for (const name of options.names) report[name] = await benchSize(name, options);
  if (options.json) console.log(JSON.stringify(report));
}
