/** Runs in every state, as a person who has used the studio for some days would have them. */
import type { RunSummary } from '../../src-main/contract/run.ts';

const minute = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * minute).toISOString();

function run(id: number, fields: Partial<RunSummary> & Pick<RunSummary, 'name' | 'status'>): RunSummary {
  return {
    id: `run-${id}`,
    type: 'grpo',
    createdAt: ago(id * 10),
    startedAt: ago(id * 10),
    endedAt: null,
    step: 0,
    maxSteps: 200,
    error: null,
    reward: null,
    evalBefore: null,
    evalAfter: null,
    ...fields,
  };
}

export const exampleRuns: RunSummary[] = [
  run(1, { name: 'arithmetic, temperature 1.2', status: 'created', startedAt: null, maxSteps: 400 }),
  run(2, { name: 'arithmetic, 8 per group', status: 'running', startedAt: ago(3.4), step: 84, evalBefore: 0.328 }),
  run(3, {
    name: 'gsm8k-smollm2-135m-instruct-beta-0.04-epsilon-0.2-group-16-seed-3',
    status: 'paused',
    startedAt: ago(187),
    step: 1204,
    maxSteps: 4000,
    evalBefore: 0.021,
    evalAfter: 0.047,
  }),
  run(4, {
    name: 'demo',
    status: 'completed',
    startedAt: ago(310),
    endedAt: ago(306.2),
    step: 120,
    maxSteps: 120,
    evalBefore: 0.332,
    evalAfter: 0.773,
  }),
  run(5, {
    name: 'starter warm-up',
    type: 'sft',
    status: 'completed',
    startedAt: ago(1500),
    endedAt: ago(1492.3),
    step: 600,
    maxSteps: 600,
    evalBefore: 0,
    evalAfter: 0.332,
  }),
  run(6, {
    name: 'learning rate 1e-3',
    status: 'failed',
    startedAt: ago(1700),
    endedAt: ago(1698.5),
    step: 17,
    evalBefore: 0.332,
    error: {
      code: 'training_diverged',
      message: 'The loss of step 18 is not a number. Lower learning_rate (now 0.001) or max_grad_norm (now 1).',
    },
  }),
  run(7, {
    name: 'without KL penalty',
    status: 'stopped',
    startedAt: ago(4400),
    endedAt: ago(4385),
    step: 61,
    evalBefore: 0.332,
    evalAfter: 0.301,
  }),
  run(8, { name: 'before the power cut', status: 'interrupted', startedAt: ago(9000), step: 33, evalBefore: 0.332 }),
  run(9, {
    name: 'first try',
    status: 'completed',
    startedAt: ago(600_000),
    endedAt: ago(596_800),
    step: 50,
    maxSteps: 50,
    evalBefore: 0.25,
    evalAfter: 0.25,
  }),
];

/** As many runs as nobody has. */
export function manyRuns(count: number): RunSummary[] {
  return Array.from({ length: count }, (_, index) => ({
    ...exampleRuns[index % exampleRuns.length],
    id: `many-${index}`,
    name: `sweep ${String(count - index).padStart(4, '0')}`,
  }));
}
