/** A run with everything it needs in memory, from the model it starts from or from the checkpoint it continues. */
import { join } from 'node:path';
import { rewardRulesOf, type GrpoConfig } from '../contract/config.ts';
import type { EngineCommand } from '../contract/engine.ts';
import { compileRules } from '../rewards/compile-rules.ts';
import type { RewardScorer } from '../rewards/reward-scorer.ts';
import { loadTokenizer } from '../tokenizer/tokenizer.ts';
import { tokenizerFolder } from './model/adapter-files.ts';
import { loadPolicy, type Policy } from './model/policy.ts';
import { adaptedReference, openTrainedPolicy } from './open-trained-policy.ts';
import { checkExamples } from './reward-model/examples.ts';
import { loadRewardModelRule } from './reward-model/reward-model-rule.ts';
import { checkPrompts } from './train/check-prompts.ts';
import { REFERENCE_FOLDER, restoreCheckpoint } from './train/checkpoint.ts';
import { DataOrder } from './train/data-order.ts';
import { Optimizer } from './train/optimizer.ts';
import { openReplayBuffer } from './train/replay-buffer.ts';
import { RunWarnings } from './train/run-warnings.ts';

export type StartCommand = Extract<EngineCommand, { type: 'start' }>;

export type OpenRun = Awaited<ReturnType<typeof openRun>>;

/**
 * Dispose of it in the end.
 *
 * @throws StudioError when the model, the rows, the rules or the checkpoint cannot be used; nothing stays in memory
 */
export async function openRun(start: StartCommand) {
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
