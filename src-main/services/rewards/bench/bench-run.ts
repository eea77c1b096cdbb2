/** Scores the stored completions of a run by any rule set, its own or another. */
import type { RewardRule } from '../../../contract/reward-rules.ts';
import type { BenchReport } from '../../../contract/rewards.ts';
import type { StoreReader } from '../../../store/interfaces.ts';
import { withBench, type BenchOptions } from './bench.ts';
import { recordedAnswers } from './recorded-scores.ts';
import { openRunSource, type RunChoice } from './run-groups.ts';

/** @throws what `openRunSource` and `Bench.open` throw */
export async function benchRun(
  reader: StoreReader,
  idOrName: string,
  rules: readonly RewardRule[],
  { steps, limit, dataset, ...options }: RunChoice & BenchOptions = {},
): Promise<BenchReport> {
  const source = await openRunSource(reader, idOrName, { steps, limit, dataset });
  return withBench(
    rules,
    { ...options, advantages: source.advantages, compile: recordedAnswers(source) },
    async (bench) => {
      for (const [index, step] of source.steps.entries()) {
        await bench.score(source.groupsOf(step));
        options.onProgress?.((index + 1) / source.steps.length, `step ${step}`);
      }
      return bench.report(source.notes);
    },
  );
}
