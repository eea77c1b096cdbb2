/** Fills a data folder as somebody would who has used the studio for an afternoon: an imported file, a linked model, rules, real runs. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EndpointInput, EndpointName, EndpointOutputs } from '../../src-main/contract/api.ts';
import { hostStudio } from '../../src-main/hosts/hosted-studio.ts';
import { createForkLauncher } from '../../src-main/runs/fork-launcher.ts';

const root = join(import.meta.dirname, '../..');
const starter = join(root, 'resources/models/starter');
const heldOut = join(root, 'resources/datasets/addition/eval.jsonl');

/** Few enough that every prompt comes back while a run goes on. */
const PROBLEMS = 96;

export interface FilledStudio {
  /** Id of the first run. */
  run: string;
  /** Ids of all runs that can be compared, oldest first. */
  runs: string[];
  /** Id of the imported dataset. */
  dataset: string;
  /** A file that is not imported yet. */
  file: string;
}

/** @param steps of each run */
export async function fillStudio(folder: string, steps: number, tell: (line: string) => void): Promise<FilledStudio> {
  const studio = hostStudio({
    dataDirectory: folder,
    launchEngine: createForkLauncher({ entry: join(root, 'src-main/engine/entry.ts') }),
  });
  /** The studio's contract says what an endpoint answers. */
  const call = <E extends EndpointName>(endpoint: E, input: EndpointInput<E>) =>
    studio.service.call(endpoint, input, new AbortController().signal) as Promise<EndpointOutputs[E]>;

  async function resultOf(job: string): Promise<string> {
    for (;;) {
      const { state, result, message } = (await call('list-jobs', null)).find(({ id }) => id === job) ?? {};
      if (state === 'done' && typeof result === 'string') return result;
      if (state !== 'running') throw new Error(`The job ${job} is ${state}: ${message}`);
      await wait(100);
    }
  }

  async function train(values: Record<string, unknown>): Promise<void> {
    tell(`training: ${String(values['name'])}`);
    const id = await call('begin-run', { type: 'grpo', values });
    for (;;) {
      const { status, name } = (await call('list-runs', null)).find((run) => run.id === id) ?? {};
      if (status === 'completed') return;
      if (status !== 'running' && status !== 'created') throw new Error(`${name} is ${status}.`);
      await wait(200);
    }
  }

  try {
    const file = writeWordProblems(folder);
    if ((await call('list-runs', null)).length === 0) {
      await resultOf(await call('import-model', { path: starter, name: 'starter' }));
      await call('add-example-dataset', null);
      const path = writeProblems(folder);
      const { suggestions } = await call('inspect-data-file', { path });
      const options = { evalShare: 0 };
      const { mapping } = suggestions[0];
      await resultOf(
        await call('import-dataset', { path, evalPath: null, mapping, options, name: 'Sums with a carry' }),
      );
      await saveRules();
      await trainAll();
    }
    const runs = (await call('list-runs', null)).map(({ id }) => id).toReversed();
    const dataset = (await call('list-datasets', null)).find(({ name }) => name === 'Sums with a carry');
    return { run: runs[0], runs, dataset: dataset?.id ?? '', file };
  } finally {
    await studio.close();
  }

  /** Two versions, so that there is a history. */
  async function saveRules(): Promise<void> {
    const { rules } = await call('read-reward-set', { set: 'arithmetic' });
    await call('save-reward-set', { name: 'sums', rules });
    const brief = { type: 'length_band', name: 'brief', max: 40, slack: 8, weight: 0.1 };
    const checked = await call('check-rules', { rules: [...rules, brief] });
    if (checked.rules === null) throw new Error(checked.problems.map(({ message }) => message).join('\n'));
    await call('save-reward-set', { name: 'sums', rules: checked.rules });
  }

  async function trainAll(): Promise<void> {
    const { rules } = await call('read-reward-set', { set: 'arithmetic' });
    const { trainPath } = (await call('list-datasets', null)).find(({ name }) => name === 'Sums with a carry') ?? {};
    const values = {
      model: starter,
      dataset: trainPath,
      eval_dataset: heldOut,
      eval_samples: 256,
      eval_steps: Math.ceil(steps / 4),
      rewards: rules,
      max_steps: steps,
      prompts_per_step: 16,
      num_generations: 8,
      max_completion_length: 48,
      learning_rate: 1e-4,
    };
    await train({ ...values, name: 'sums', seed: 1 });
    await train({ ...values, name: 'sums', seed: 2 });
    await train({ ...values, name: 'a fifth of the learning rate', learning_rate: 2e-5, seed: 1 });
  }
}

function writeProblems(folder: string): string {
  const path = join(folder, 'sums.csv');
  const lines = Array.from({ length: PROBLEMS }, (_, i) => {
    const [a, b] = [15 + ((i * 37) % 34), 16 + ((i * 23 + 11) % 33)];
    return `What is ${a} + ${b}?,${a + b}`;
  });
  if (!existsSync(path)) writeFileSync(path, `question,answer\n${lines.join('\n')}\n`);
  return path;
}

/** Word problems in GSM8K's shape, one of them without an answer. */
function writeWordProblems(folder: string): string {
  const path = join(folder, 'word-problems.jsonl');
  const [names, things] = [
    ['Ada', 'Ben', 'Chi', 'Dov'],
    ['apples', 'stamps', 'marbles'],
  ];
  const lines = Array.from({ length: 240 }, (_, i) => {
    const [a, b] = [12 + ((i * 7) % 40), 3 + ((i * 5) % 25)];
    const question = `${names[i % 4]} has ${a} ${things[i % 3]} and gets ${b} more. How many are there now?`;
    return JSON.stringify({ question, answer: i === 2 ? '' : `${a} + ${b} = ${a + b}\n#### ${a + b}` });
  });
  writeFileSync(path, lines.join('\n') + '\n');
  return path;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
