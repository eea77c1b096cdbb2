/** Runs one side of the bench in a process of its own and times its steps. */
import { execFile, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { grpoConfigSchema, type GrpoConfig } from '../src-main/contract/config.ts';
import type { EngineCommand, EngineEvent, StepRecord } from '../src-main/contract/engine.ts';
import { readDataset } from '../src-main/datasets/read-dataset.ts';
import { engineEnvironment } from '../src-main/runs/fork-launcher.ts';
import type { BenchSize } from './sizes.ts';

export interface Measurement {
  steps: StepTime[];
  /** Largest resident set of the process. */
  peakBytes: number;
}

interface StepTime {
  /** Seconds of the whole step and of its sampling. */
  step: number;
  sampling: number;
  /** Tokens of all completions. */
  tokens: number;
}

export interface Job {
  folder: string;
  size: BenchSize;
  steps: number;
  threads: number;
  /** Settings of the studio's run besides those of the size. */
  settings?: Partial<GrpoConfig>;
}

/** TRL's trainer, run by a Python that has it. */
export async function measurePeer(python: string, { folder, size, steps, threads }: Job): Promise<Measurement> {
  const job = {
    model: folder,
    dataset: join(folder, 'train.jsonl'),
    steps,
    lora_r: size.loraRank,
    config: {
      per_device_train_batch_size: size.prompts * size.generations,
      num_generations: size.generations,
      max_completion_length: size.newTokens,
      ...(size.forced ? { generation_kwargs: { min_new_tokens: size.newTokens } } : {}),
    },
  };
  const script = join(import.meta.dirname, 'peer/run_trl.py');
  const env = { ...process.env, PEER_THREADS: String(threads) };
  const { stdout } = await promisify(execFile)(python, [script, JSON.stringify(job)], { env, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Measurement;
}

/** What the studio is told to train. */
export function studioConfig({ folder, size, steps, settings }: Omit<Job, 'threads'>): GrpoConfig {
  return grpoConfigSchema.parse({
    model: folder,
    dataset: join(folder, 'train.jsonl'),
    backend: 'native',
    max_steps: steps,
    save_steps: 0,
    learning_rate: 3e-4,
    prompts_per_step: size.prompts,
    num_generations: size.generations,
    max_completion_length: size.newTokens,
    min_completion_length: size.forced ? size.newTokens : 0,
    lora_r: size.loraRank,
    lora_alpha: size.loraRank === 0 ? undefined : 2 * size.loraRank,
    rewards: [
      { name: 'accuracy', type: 'answer_match', extract: { type: 'tag', tag: 'answer' } },
      { name: 'format', type: 'format', tags: ['think', 'answer'], weight: 0.2 },
    ],
    ...settings,
  });
}

/** The studio's engine process, with nobody writing down what it reports. */
export async function measureStudio(job: Job): Promise<Measurement> {
  const { steps, threads } = job;
  const config = studioConfig(job);
  const runDirectory = mkdtempSync(join(tmpdir(), 'grpo-bench-'));
  const start: EngineCommand = {
    type: 'start',
    run: { type: 'grpo', config },
    trainRows: await readDataset(config.dataset),
    evalRows: [],
    runDirectory,
    resumeFrom: null,
  };
  const engine = fork(join(import.meta.dirname, '../src-main/engine/entry.ts'), {
    serialization: 'advanced',
    env: { ...process.env, ...engineEnvironment, GRPO_STUDIO_THREADS: String(threads) },
  });
  const measured: Measurement = { steps: [], peakBytes: 0 };
  try {
    await new Promise<void>((resolve, reject) => {
      engine.on('exit', (code) => reject(new Error(`the engine process ended early, with code ${code}`)));
      engine.on('message', (message) => {
        const event = message as EngineEvent;
        if (event.type === 'failed') reject(new Error(event.error.message));
        if (event.type !== 'step') return;
        const { metrics } = event.record;
        measured.steps.push(stepTime(metrics));
        measured.peakBytes = Math.max(measured.peakBytes, peakMemory(engine.pid as number, metrics));
        if (measured.steps.length === steps) resolve();
      });
      engine.send(start);
    });
  } finally {
    engine.removeAllListeners('exit');
    engine.kill('SIGKILL'); // before it writes a checkpoint
    rmSync(runDirectory, { recursive: true, force: true });
  }
  return measured;
}

function stepTime(metrics: StepRecord['metrics']): StepTime {
  return { step: metrics['step_time'], sampling: metrics['time/sampling'], tokens: metrics['completion_tokens'] };
}

/** The largest resident set so far, where the system says it; else the present one. */
function peakMemory(pid: number, metrics: StepRecord['metrics']): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    if (match !== null) return Number(match[1]) * 1024;
  } catch {
    // no /proc on this system
  }
  return metrics['memory/rss_bytes'];
}
