/** Rule sets and the test bench, as the interfaces ask for them. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Endpoints } from '../../contract/api.ts';
import type { RewardOutputs } from '../../contract/api/rewards.ts';
import { rewardRuleSchema } from '../../contract/reward-rules.ts';
import { readDataset } from '../../datasets/read-dataset.ts';
import { previewExtraction } from '../../rewards/extraction.ts';
import { rewardPresets, rulesOfPreset, type RewardPresetName } from '../../rewards/presets.ts';
import { scoreTypes } from '../../rewards/sandbox/score-types.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import type { StudioContext } from '../studio-context.ts';
import { benchDataset } from './bench/bench-dataset.ts';
import { benchRun } from './bench/bench-run.ts';
import { benchText } from './bench/bench-text.ts';
import type { BenchOptions } from './bench/bench.ts';
import { rescoreRun } from './bench/rescore-run.ts';
import type { Tokenize } from './bench/rough-tokens.ts';
import { checkRules, requireSoundRules } from './check-rules.ts';
import { diffRewardSets } from './diff-reward-sets.ts';
import { findRewardSet, requireHistory } from './find-reward-set.ts';

/** @param shownAfter milliseconds after which work is shown as a job: the bench of an editor scores with every key */
export function rewardEndpoints(
  { store, jobs, dataDirectory, models }: StudioContext,
  shownAfter = 3000,
): Endpoints<keyof RewardOutputs> {
  const { reader, writer } = store;
  const compile = { judgeReplies: join(dataDirectory, 'judge-replies') };

  /** Does the work as part of the call. What takes longer than a moment is shown as a job; either can be given up. */
  async function shown<T>(title: string, caller: AbortSignal, work: (options: BenchOptions) => Promise<T>): Promise<T> {
    caller.throwIfAborted();
    const given = new AbortController();
    let report: NonNullable<BenchOptions['onProgress']> = () => undefined;
    const working = work({
      compile,
      signal: AbortSignal.any([caller, given.signal]),
      onProgress: (share, message) => report(share, message),
    });
    const show = () => {
      const job = jobs.begin(title, async (progress) => {
        report = (share, message) => progress.report(share, message);
        progress.signal.addEventListener('abort', () => given.abort(), { once: true });
        await working;
        return null;
      });
      caller.addEventListener('abort', () => jobs.cancel(job), { once: true });
    };
    if (shownAfter === 0) show();
    const timer = shownAfter === 0 ? undefined : setTimeout(show, shownAfter);
    try {
      return await working;
    } finally {
      clearTimeout(timer);
    }
  }

  async function tokenizerOf(model: string | undefined): Promise<{ tokenize?: Tokenize }> {
    if (model === undefined) return {};
    const tokenizer = await loadTokenizer(await models.folderOf(model));
    return { tokenize: (text) => [...tokenizer.encode(text), ...tokenizer.eosTokenIds.slice(0, 1)] };
  }

  return {
    'list-reward-presets': () =>
      Object.entries(rewardPresets).map(([name, { description }]) => ({
        name,
        description,
        rules: rulesOfPreset(name as RewardPresetName),
      })),
    'list-reward-sets': () => reader.listRewardSets(),
    'read-reward-set': ({ set }) => findRewardSet(reader, set),
    'save-reward-set': async ({ name, rules }) => writer.saveRewardSet(name, await requireSoundRules(rules)),
    'reward-set-history': ({ name }) => requireHistory(reader, name),
    'diff-reward-sets': ({ before, after }) =>
      diffRewardSets(findRewardSet(reader, before).rules, findRewardSet(reader, after).rules),
    'diff-rules': async ({ before, after }) =>
      diffRewardSets(await requireSoundRules(before), await requireSoundRules(after)),
    'check-rules': ({ rules }) => checkRules(rules),
    'preview-extraction': ({ extract, normalise, text }) => previewExtraction(extract, normalise, text),
    'bench-text': async ({ rules, completions, row, model }, signal) =>
      benchText(await requireSoundRules(rules), completions, row, {
        compile,
        signal,
        keep: 1,
        ...(await tokenizerOf(model)),
      }),
    'bench-dataset': async ({ rules, path, limit, model }, signal) => {
      const sound = await requireSoundRules(rules);
      const tokenizer = await tokenizerOf(model);
      const rows = await readDataset(path);
      return shown('Score perfect answers', signal, (options) =>
        benchDataset(sound, rows.slice(0, limit), { ...options, ...tokenizer }),
      );
    },
    'bench-run': async ({ rules, run, steps, limit, dataset }, signal) => {
      const sound = await requireSoundRules(rules);
      return shown(`Score run ${run}`, signal, (options) =>
        benchRun(reader, run, sound, { ...options, steps, limit, dataset }),
      );
    },
    'rescore-run': async ({ rules, run, steps, limit, dataset }, signal) => {
      const sound = await requireSoundRules(rules);
      return shown(`Score run ${run} anew`, signal, (options) =>
        rescoreRun(reader, run, sound, { ...options, steps, limit, dataset }),
      );
    },
    'score-types': () => scoreTypes(),
    'rule-schema': () =>
      rewardRuleSchema.options.map((option) => ({
        type: option.shape.type.value,
        schema: z.toJSONSchema(option, { io: 'input' }),
      })),
  };
}
