/**
 * The training loop of all run types, as an async generator: it yields events and takes commands between units of work. It knows
 * nothing of processes, databases or screens.
 */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { rewardRulesOf, type GrpoConfig, type RunConfig } from '../contract/config.ts';
import { findConflicts } from '../contract/conflicts.ts';
import type { DatasetRow } from '../contract/dataset.ts';
import type { EngineCommand, EngineEvent, StepRecord } from '../contract/engine.ts';
import { StudioError } from '../contract/errors.ts';
import { CANDIDATES_PER_ROW, selectCandidates } from '../grpo/curriculum.ts';
import { learningRateMultiplier } from '../grpo/schedule.ts';
import { compileRules } from '../rewards/compile-rules.ts';
import type { RewardScorer } from '../rewards/reward-scorer.ts';
import { loadTokenizer } from '../tokenizer/tokenizer.ts';
import type { CommandQueue } from './command-queue.ts';
import { tokenizerFolder } from './model/adapter-files.ts';
import { loadPolicy, parameterCount, type Policy } from './model/policy.ts';
import { adaptedReference, openTrainedPolicy } from './open-trained-policy.ts';
import { checkExamples } from './reward-model/examples.ts';
import { rewardModelConfigFile } from './reward-model/reward-model.ts';
import { loadRewardModelRule } from './reward-model/reward-model-rule.ts';
import { evaluateRewardModel, rewardModelStep } from './reward-model/reward-model-step.ts';
import { selectBackend } from './tensor/backend.ts';
import { memoryAudit } from './tensor/memory.ts';
import { checkPrompts } from './train/check-prompts.ts';
import { CONFIG_FILE, configHash, REFERENCE_FOLDER, restoreCheckpoint, saveCheckpoint } from './train/checkpoint.ts';
import { DataOrder } from './train/data-order.ts';
import { evaluate } from './train/evaluate.ts';
import { initialCoefficients, nextCoefficients } from './train/grpo-settings.ts';
import { grpoStep } from './train/grpo-step.ts';
import { Optimizer } from './train/optimizer.ts';
import { mixReference } from './train/reference.ts';
import { openReplayBuffer, REPLAY_FILE } from './train/replay-buffer.ts';
import { RunWarnings } from './train/run-warnings.ts';
import { sftStep } from './train/sft-step.ts';

export type StartCommand = Extract<EngineCommand, { type: 'start' }>;

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
  const session = await openSession(start);
  try {
    const { policy, state } = session;
    const info = {
      backend: backend.name,
      device: backend.device,
      parameters: parameterCount(policy),
      configHash: configHash(run),
    };
    yield { type: 'started', info, step: state.step };

    if (state.step === 0) yield* evaluation(session);
    while (state.step < config.max_steps) {
      const step = state.step + 1;
      const steps = oneStep(session, step);
      let next = await steps.next();
      for (; !next.done; next = await steps.next()) {
        yield next.value;
        await setImmediate(); // lets commands arrive
      }
      state.step = step;
      const record = { ...next.value, metrics: { ...next.value.metrics, ...memoryMetrics() } };
      yield { type: 'step', record };
      yield* session.warnings.afterStep(record);
      await setImmediate();

      const last = step === config.max_steps;
      const request = yield* takeCommands(commands, step);
      if (last || (config.eval_steps > 0 && step % config.eval_steps === 0)) yield* evaluation(session);
      const due = config.save_steps > 0 && step % config.save_steps === 0;
      if (last || due || request.checkpoint || request.stop) yield* checkpoint(session);
      if (last || request.stop) yield* session.warnings.atEnd(step);
      if (request.stop && !last) {
        yield { type: 'finished', step, reason: 'stopped' };
        return;
      }
    }
    yield { type: 'finished', step: state.step, reason: 'completed' };
  } finally {
    session.dispose();
  }
}

type Session = Awaited<ReturnType<typeof openSession>>;

/** Loads everything a run needs, from the model or from the checkpoint to continue. */
async function openSession(start: StartCommand) {
  const { run, resumeFrom, trainRows, evalRows, runDirectory } = start;
  const { config } = run;
  if (run.type === 'reward_model') checkExamples(trainRows, evalRows);
  const tokenizer = await loadTokenizer(await tokenizerFolder(config.model));
  const policy = await openTrainedPolicy(run, resumeFrom);
  let reference: Policy | null = null;
  let scorer: RewardScorer | null = null;
  try {
    scorer = await compileRules(rewardRulesOf(run), {
      rewardModel: loadRewardModelRule,
      judgeReplies: join(runDirectory, 'judge-replies'),
    });
    if (run.type !== 'reward_model') {
      const room = policy.config.maxPositions - run.config.max_completion_length;
      if (run.type === 'grpo') checkPrompts(trainRows, config.dataset, tokenizer, room);
      checkPrompts(evalRows.slice(0, config.eval_samples), config.eval_dataset ?? '', tokenizer, room);
    }
    if (run.type === 'grpo' && run.config.beta > 0) {
      reference = policy.adapter
        ? await adaptedReference(policy, config.model)
        : await openReference(run.config, resumeFrom);
    }
    const optimizer = new Optimizer(policy, {
      beta1: config.adam_beta1,
      beta2: config.adam_beta2,
      epsilon: config.adam_epsilon,
      weightDecay: config.weight_decay,
      maxGradNorm: config.max_grad_norm,
    });
    const saved = resumeFrom === null ? null : await restoreCheckpoint(resumeFrom, run, optimizer);
    return {
      run,
      policy,
      reference,
      tokenizer,
      scorer,
      warnings: new RunWarnings(run, scorer),
      optimizer,
      trainRows,
      evalRows: evalRows.slice(0, config.eval_samples),
      checkpoints: join(runDirectory, 'checkpoints'),
      replay: run.type === 'grpo' ? await openReplayBuffer(run.config, resumeFrom) : null,
      order: new DataOrder(config.seed, trainRows.length, saved?.rowsTaken ?? 0),
      state: {
        step: saved?.step ?? 0,
        tokens: saved?.tokens ?? 0,
        coefficients: saved?.coefficients ?? null,
        passRates: saved?.passRates ?? {},
      },
      dispose: () => {
        scorer?.dispose();
        policy.dispose();
        reference?.dispose();
        optimizer.dispose();
      },
    };
  } catch (error) {
    scorer?.dispose();
    policy.dispose();
    reference?.dispose();
    throw error;
  }
}

/** A reference that follows the policy is part of the run's state; any other is the model the run started from. */
function openReference({ model, sync_ref_model }: GrpoConfig, resumeFrom: string | null): Promise<Policy> {
  const folder = sync_ref_model && resumeFrom !== null ? join(resumeFrom, REFERENCE_FOLDER) : model;
  return loadPolicy(folder, { trainable: sync_ref_model });
}

async function* oneStep(session: Session, step: number): AsyncGenerator<EngineEvent, StepRecord> {
  const { run, order, state } = session;
  const learningRate = run.config.learning_rate * learningRateMultiplier(scheduleOf(run), step - 1);
  if (run.type === 'sft') {
    const rows = takeRows(session, run.config.batch_size);
    yield { type: 'phase', phase: 'update', step };
    const metrics = sftStep({ ...session, config: run.config }, rows, learningRate);
    state.tokens += metrics.completion_tokens;
    return { step, metrics: { ...metrics, num_tokens: state.tokens, epoch: order.epoch }, groups: [] };
  }
  if (run.type === 'reward_model') {
    const rows = takeRows(session, run.config.batch_size);
    yield { type: 'phase', phase: 'update', step };
    const metrics = rewardModelStep({ ...session, config: run.config }, rows, learningRate);
    state.tokens += metrics.num_input_tokens;
    return { step, metrics: { ...metrics, num_tokens: state.tokens, epoch: order.epoch }, groups: [] };
  }
  const coefficients = state.coefficients ?? initialCoefficients(run.config);
  const trainer = {
    ...session,
    config: run.config,
    coefficients,
    takeRows: (count: number) => (run.config.curriculum ? takePreferredRows : takeRows)(session, count),
    passRates: run.config.curriculum ? state.passRates : null,
  };
  const { groups, metrics } = yield* grpoStep(trainer, step, learningRate);
  state.coefficients = nextCoefficients(coefficients, run.config, metrics);
  if (session.reference !== null && run.config.sync_ref_model && step % run.config.ref_model_sync_steps === 0) {
    mixReference(session.reference, session.policy, run.config.ref_model_mixup_alpha);
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

function takeRows({ order, trainRows }: Session, count: number): DatasetRow[] {
  return order.take(count).map((index) => trainRows[index]);
}

/** Rows that the policy solves about half of the time; those passed over are taken from the order all the same. */
function takePreferredRows(session: Session, count: number): DatasetRow[] {
  const candidates = takeRows(session, CANDIDATES_PER_ROW * count);
  const indices = candidates.map(({ index }) => index);
  return selectCandidates(indices, session.state.passRates, count).map((position) => candidates[position]);
}

async function* evaluation({
  run,
  policy,
  tokenizer,
  scorer,
  evalRows,
  state,
}: Session): AsyncGenerator<EngineEvent, void> {
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
}: Session): AsyncGenerator<EngineEvent, void> {
  const { step } = state;
  yield { type: 'phase', phase: 'checkpoint', step };
  const path = await saveCheckpoint(
    checkpoints,
    run.config.model,
    policy,
    optimizer,
    {
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
    run.config.save_total_limit,
    run.type === 'grpo' && run.config.sync_ref_model ? reference : null,
    {
      ...(run.type === 'reward_model' && policy.adapter === null
        ? { [CONFIG_FILE]: await rewardModelConfigFile(run.config.model) }
        : {}),
      ...(replay === null ? {} : { [REPLAY_FILE]: replay.serialise() }),
    },
  );
  yield { type: 'checkpoint', step, path };
}

/** Acts on the commands that have arrived; stays here while the run is paused. */
async function* takeCommands(
  commands: CommandQueue,
  step: number,
): AsyncGenerator<EngineEvent, { stop: boolean; checkpoint: boolean }> {
  const request = { stop: false, checkpoint: false };
  let paused = false;
  for (;;) {
    const command = paused ? await commands.wait() : commands.take();
    if (command === undefined) return request;
    if (command.type === 'stop') return { ...request, stop: true };
    if (command.type === 'checkpoint') request.checkpoint = true;
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
