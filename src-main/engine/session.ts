/** A policy opened for sampling and evaluation alone, without a run. */
import type { BackendName, SamplingConfig } from '../contract/config.ts';
import type { DatasetRow, Prompt } from '../contract/dataset.ts';
import type { EvaluationRecord } from '../contract/engine.ts';
import type { RewardRule } from '../contract/reward-rules.ts';
import { compileRules } from '../rewards/compile-rules.ts';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { tokenizerFolder } from './model/adapter-files.ts';
import { loadPolicy, parameterCount } from './model/policy.ts';
import { loadRewardModelRule } from './reward-model/reward-model-rule.ts';
import { rollout, rolloutSteps, type GrowingCompletion, type SampledCompletion } from './sampler/rollout.ts';
import type { InstalledBackendName } from './tensor/backend-probe.ts';
import { selectBackend } from './tensor/backend.ts';
import { evaluate } from './train/evaluate.ts';

export interface SampledGroup {
  /** The prompt as the model saw it. */
  prompt: string;
  promptTokens: Int32Array;
  completions: SampledCompletion[];
}

export interface SessionSampling extends SamplingConfig {
  num_generations: number;
  greedy?: boolean;
  seed: number;
}

export interface SampleStream {
  /** The prompt as the model sees it. */
  prompt: string;
  promptTokens: Int32Array;
  /** As `rolloutSteps`, of this prompt's group alone. Begins when it is first asked. */
  steps: Generator<readonly GrowingCompletion[], SampledCompletion[][]>;
}

export interface PolicySession {
  info: { backend: InstalledBackendName; device: string; parameters: number };
  tokenizer: Tokenizer;
  sample(prompts: readonly Prompt[], sampling: SessionSampling): Promise<SampledGroup[]>;
  /** `sample` of one prompt a token at a time: the same completions. One stream at a time. */
  stream(prompt: Prompt, sampling: SessionSampling): SampleStream;
  /** Answers the rows greedily and scores the answers. */
  evaluate(
    rows: readonly DatasetRow[],
    rules: readonly RewardRule[],
    sampling: SamplingConfig,
  ): Promise<EvaluationRecord>;
  dispose(): void;
}

/**
 * @param folder a Hugging Face checkpoint, such as a checkpoint of a run, or a PEFT adapter of one
 * @throws StudioError when the backend, the model or its tokenizer cannot be used
 */
export async function openPolicy(folder: string, backend: BackendName): Promise<PolicySession> {
  const { name, device } = await selectBackend(backend);
  const tokenizer = await loadTokenizer(await tokenizerFolder(folder));
  const policy = await loadPolicy(folder, { trainable: false });
  return {
    info: { backend: name, device, parameters: parameterCount(policy) },
    tokenizer,
    async sample(prompts, { num_generations, greedy = false, seed, ...sampling }) {
      const encoded = prompts.map((prompt) => tokenizer.encodePrompt(prompt));
      const tokens = encoded.map((prompt) => prompt.tokens);
      const groups = rollout(policy, tokenizer, tokens, {
        sampling,
        generations: num_generations,
        greedy,
        seed,
        path: ['sample'],
      });
      return groups.map((completions, i) => ({
        prompt: encoded[i].text,
        promptTokens: encoded[i].tokens,
        completions,
      }));
    },
    stream(prompt, { num_generations, greedy = false, seed, ...sampling }) {
      const { text, tokens } = tokenizer.encodePrompt(prompt);
      const options = { sampling, generations: num_generations, greedy, seed, path: ['sample'] };
      return { prompt: text, promptTokens: tokens, steps: rolloutSteps(policy, tokenizer, [tokens], options) };
    },
    async evaluate(rows, rules, sampling) {
      const scorer = await compileRules(rules, { rewardModel: loadRewardModelRule });
      try {
        return await evaluate(policy, tokenizer, scorer, rows, sampling, 0);
      } finally {
        scorer.dispose();
      }
    },
    dispose: () => policy.dispose(),
  };
}
