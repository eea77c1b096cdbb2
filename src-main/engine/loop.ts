/**
 * The training loop of all run types, as an async generator: it yields events and takes commands between units of work. It knows
 * nothing of processes, databases or screens.
 */
import { setImmediate } from 'node:timers/promises';
import type { RunConfig } from '../contract/config.ts';
import { findConflicts } from '../contract/conflicts.ts';
import type { DatasetRow } from '../contract/dataset.ts';
import type { EngineEvent, StepRecord } from '../contract/engine.ts';
import { StudioError } from '../contract/errors.ts';
import { CANDIDATES_PER_ROW, selectCandidates } from '../grpo/curriculum.ts';
import { learningRateMultiplier } from '../grpo/schedule.ts';
import type { CommandQueue } from './command-queue.ts';
import { parameterCount } from './model/policy.ts';
import { openRun, type OpenRun, type StartCommand } from './open-run.ts';
import { rewardModelConfigFile } from './reward-model/reward-model.ts';
import { evaluateRewardModel, rewardModelStep } from './reward-model/reward-model-step.ts';
import { selectBackend } from './tensor/backend.ts';
import { memoryAudit } from './tensor/memory.ts';
import { CONFIG_FILE, configHash, saveCheckpoint } from './train/checkpoint.ts';
import { evaluate } from './train/evaluate.ts';
import { initialCoefficients, nextCoefficients } from './train/grpo-settings.ts';
import { grpoStep } from './train/grpo-step.ts';
import { mixReference } from './train/reference.ts';
import { REPLAY_FILE } from './train/replay-buffer.ts';
import { sftStep } from './train/sft-step.ts';

/**
 * Runs a training run from its start, or from a checkpoint, to its end.
 *
 * @yields `started`, then per step its phases and its record, with evaluations and checkpoints where they are due, then `finished`
 * @throws StudioError when the run cannot go on; what was yielded until then stands
 */
export async function* trainingLoop(start: StartCommand, commands: CommandQueue): AsyncGenerator<EngineEvent, void> {
  const { run, trainRows } = start;
  const { config } = run;
  if (trainRows.length === 0)
    throw new StudioError('dataset_invalid', 'the dataset has no rows to train on', { field: 'dataset' });
  if (run.type === 'grpo') {
    const [conflict] = findConflicts(run.config);
    if (conflict !== undefined) throw new StudioError('config_invalid', conflict.message, { field: conflict.field });
  }
  const backend = await selectBackend(config.backend);
  const open = await openRun(start);
  try {
    const { policy, state } = open;
    const info = {
      backend: backend.name,
      device: backend.device,
      parameters: parameterCount(policy),
      configHash: configHash(run),
    };
    yield { type: 'started', info, step: state.step };

    if (state.step === 0) yield* evaluation(open);
    while (state.step < config.max_steps) {
      const step = state.step + 1;
      const steps = oneStep(open, step);
      let next = await steps.next();
      for (; !next.done; next = await steps.next()) {
        yield next.value;
        await setImmediate(); // lets commands arrive
      }
      state.step = step;
      const record = { ...next.value, metrics: { ...next.value.metrics, ...memoryMetrics() } };
      yield { type: 'step', record };
      yield* open.warnings.afterStep(record);
      await setImmediate();

      const last = step === config.max_steps;
      if (last || (config.eval_steps > 0 && step % config.eval_steps === 0)) yield* evaluation(open);
      const saves = last || (config.save_steps > 0 && step % config.save_steps === 0);
      if (saves) yield* checkpoint(open);
      const stop = !last && (yield* takeCommands(open, commands, saves));
      if (last || stop) yield* open.warnings.atEnd(step);
      if (stop) {
        yield { type: 'finished', step, reason: 'stopped' };
        return;
      }
    }
    yield { type: 'finished', step: state.step, reason: 'completed' };
  } finally {
    open.dispose();
  }
}

async function* oneStep(open: OpenRun, step: number): AsyncGenerator<EngineEvent, StepRecord> {
  const { run, order, state } = open;
  const learningRate = run.config.learning_rate * learningRateMultiplier(scheduleOf(run), step - 1);
  if (run.type !== 'grpo') {
    const rows = takeRows(open, run.config.batch_size);
    yield { type: 'phase', phase: 'update', step };
    const metrics =
      run.type === 'sft'
        ? sftStep({ ...open, config: run.config }, rows, learningRate)
        : rewardModelStep({ ...open, config: run.config }, rows, learningRate);
    state.tokens += run.type === 'sft' ? metrics.completion_tokens : metrics.num_input_tokens;
    return { step, metrics: { ...metrics, num_tokens: state.tokens, epoch: order.epoch }, groups: [] };
  }
  const coefficients = state.coefficients ?? initialCoefficients(run.config);
  const trainer = {
    ...open,
    config: run.config,
    coefficients,
    takeRows: (count: number) => (run.config.curriculum ? takePreferredRows : takeRows)(open, count),
    passRates: run.config.curriculum ? state.passRates : null,
  };
  const { groups, metrics } = yield* grpoStep(trainer, step, learningRate);
  state.coefficients = nextCoefficients(coefficients, run.config, metrics);
  if (open.reference !== null && run.config.sync_ref_model && step % run.config.ref_model_sync_steps === 0) {
    mixReference(open.reference, open.policy, run.config.ref_model_mixup_alpha);
  }
  for (const { promptTokens, completions } of groups) {
    for (const { tokens } of completions) state.tokens += promptTokens.length + tokens.length;
  }
  return { step, metrics: { ...metrics, num_tokens: state.tokens, epoch: order.epoch }, groups };
}

function memoryMetrics(): Record<string, number> {
  const { tensors, tensorBytes, poolBytes } = memoryAudit();
  return {
    'memory/tensors': tensors,
    'memory/tensor_bytes': tensorBytes,
    'memory/pool_bytes': poolBytes,
    'memory/rss_bytes': process.memoryUsage.rss(),
  };
}

function scheduleOf({ config }: RunConfig) {
  return { type: config.lr_scheduler_type, warmupSteps: config.warmup_steps, totalSteps: config.max_steps };
}

function takeRows({ order, trainRows }: OpenRun, count: number): DatasetRow[] {
  return order.take(count).map((index) => trainRows[index]);
}

/** Rows that the policy solves about half of the time; those passed over are taken from the order all the same. */
function takePreferredRows(open: OpenRun, count: number): DatasetRow[] {
  const candidates = takeRows(open, CANDIDATES_PER_ROW * count);
  const indices = candidates.map(({ index }) => index);
  return selectCandidates(indices, open.state.passRates, count).map((position) => candidates[position]);
}

async function* evaluation({
  run,
  policy,
  tokenizer,
  scorer,
  evalRows,
  state,
}: OpenRun): AsyncGenerator<EngineEvent, void> {
  if (evalRows.length === 0) return;
  const { step } = state;
  yield { type: 'phase', phase: 'evaluation', step };
  const record =
    run.type === 'reward_model'
      ? evaluateRewardModel({ policy, tokenizer }, evalRows, step)
      : await evaluate(policy, tokenizer, scorer, evalRows, run.config, step);
  yield { type: 'evaluation', record };
}

async function* checkpoint({
  run,
  policy,
  reference,
  optimizer,
  replay,
  order,
  state,
  checkpoints,
}: OpenRun): AsyncGenerator<EngineEvent, void> {
  const { step } = state;
  yield { type: 'phase', phase: 'checkpoint', step };
  const path = await saveCheckpoint(checkpoints, {
    modelFolder: run.config.model,
    policy,
    optimizer,
    state: {
      version: 1,
      configHash: configHash(run),
      seed: run.config.seed,
      step,
      rowsTaken: order.taken,
      updates: optimizer.updates,
      tokens: state.tokens,
      coefficients: state.coefficients,
      passRates: state.passRates,
    },
    reference: run.type === 'grpo' && run.config.sync_ref_model ? reference : null,
    texts: {
      ...(run.type === 'reward_model' && policy.adapter === null
        ? { [CONFIG_FILE]: await rewardModelConfigFile(run.config.model) }
        : {}),
      ...(replay === null ? {} : { [REPLAY_FILE]: replay.serialise() }),
    },
  });
  yield { type: 'checkpoint', step, path };
}

/**
 * Acts on the commands that have arrived; stays here while the run is paused.
 *
 * @param saved whether this step has its checkpoint already
 * @returns whether the run is to end here
 */
async function* takeCommands(
  open: OpenRun,
  commands: CommandQueue,
  saved: boolean,
): AsyncGenerator<EngineEvent, boolean> {
  const { step } = open.state;
  let paused = false;
  for (;;) {
    const command = paused ? await commands.wait() : commands.take();
    if (command === undefined) return false;
    if ((command.type === 'checkpoint' || command.type === 'stop') && !saved) {
      yield* checkpoint(open);
      saved = true;
    }
    if (command.type === 'stop') return true;
    if (command.type === 'pause' && !paused) {
      paused = true;
      yield { type: 'paused', step };
    }
    if (command.type === 'resume' && paused) {
      paused = false;
      yield { type: 'resumed', step };
    }
  }
}
