/** Samples, as the interfaces ask for them. */
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CheckedInput, Endpoints } from '../../contract/api.ts';
import type { SampleExport, SampleOutputs, SamplePage, TokenSample } from '../../contract/api/samples.ts';
import { rewardRulesOf } from '../../contract/config.ts';
import { StudioError } from '../../contract/errors.ts';
import { findTokenizer } from '../explain/token-texts.ts';
import { lossBeta } from '../explain/token-terms.ts';
import type { JobProgress } from '../jobs.ts';
import type { StudioContext } from '../studio-context.ts';
import { exportHead, exportLine } from './export-samples.ts';
import { SampleLists } from './sample-lists.ts';
import { tokenSample } from './token-sample.ts';

/** Completions that are exported in one answer; more go to a file. */
const IN_ONE_ANSWER = 2000;

/** Completions read at once while a file is written. */
const CHUNK = 500;

export function sampleEndpoints(context: StudioContext): Endpoints<keyof SampleOutputs> {
  const { reader, samples } = context.store;
  const lists = new SampleLists(samples);
  /** The tokenizer of the run that was looked at last: loading one takes up to a second. */
  let latest: { run: string; found: ReturnType<typeof findTokenizer> } | null = null;

  function tokenizerOf(run: string): ReturnType<typeof findTokenizer> {
    if (latest?.run !== run) latest = { run, found: findTokenizer(reader.getRun(run), reader) };
    return latest.found;
  }

  function page<Row>(
    input: CheckedInput<'query-completions' | 'query-groups'>,
    kind: string,
    find: () => number[],
    read: (ids: number[]) => Row[],
  ): SamplePage<Row> {
    const { run, filter, order, descending, offset, limit } = input;
    reader.getRun(run); // names the runs that are close to a mistyped one
    const ids = lists.ids(run, JSON.stringify([kind, run, filter, order, descending]), find);
    return { total: ids.length, rows: read(ids.slice(offset, offset + limit)) };
  }

  async function readTokens(completion: number): Promise<TokenSample> {
    const stored = samples.readTokens(completion);
    if (stored === null) throw gone('completion', completion);
    const { run } = reader.getRun(stored.run);
    const recorded = reader.getMetricSeries(stored.run, 'beta').find(({ step }) => step === stored.step);
    const metrics: Record<string, number> = recorded === undefined ? {} : { beta: recorded.value };
    const beta = run.type === 'grpo' ? lossBeta(run.config, metrics) : 0;
    return tokenSample(stored, run, beta, await tokenizerOf(stored.run));
  }

  function exportSamples({ run, filter, format }: CheckedInput<'export-samples'>): SampleExport {
    const { name, run: config } = reader.getRun(run);
    const ids = samples.findCompletions(run, filter, 'step', false);
    const rules = rewardRulesOf(config).map((rule) => rule.name);
    const lines = (part: number[]) => samples.exportRows(part).map((sample) => exportLine(format, rules, sample));
    const file = `${run}-samples.${format}`;
    if (ids.length <= IN_ONE_ANSWER) {
      return { kind: 'text', name: file, text: exportHead(format, rules) + lines(ids).join('') };
    }
    async function* parts(progress: JobProgress): AsyncGenerator<string> {
      yield exportHead(format, rules);
      for (let start = 0; start < ids.length; start += CHUNK) {
        progress.signal.throwIfAborted();
        yield lines(ids.slice(start, start + CHUNK)).join('');
        progress.report(start / ids.length, `${start} of ${ids.length} completions`);
        await new Promise(setImmediate); // others are answered between two chunks
      }
    }
    const job = context.jobs.begin(`Export samples of ${name}`, async (progress) => {
      const folder = join(context.dataDirectory, 'exports');
      const path = join(folder, file);
      await mkdir(folder, { recursive: true });
      try {
        await pipeline(parts(progress), createWriteStream(path));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      return path;
    });
    return { kind: 'job', job };
  }

  return {
    'query-completions': (input) =>
      page(
        input,
        'completions',
        () => samples.findCompletions(input.run, input.filter, input.order, input.descending),
        (ids) => samples.completionRows(ids),
      ),
    'query-groups': (input) =>
      page(
        input,
        'groups',
        () => samples.findGroups(input.run, input.filter, input.order, input.descending),
        (ids) => samples.groupRows(ids),
      ),
    'list-steps': ({ run }) => {
      reader.getRun(run);
      return samples.listSteps(run);
    },
    'read-group': ({ group }) => {
      const found = samples.readGroup(group);
      if (found === null) throw gone('group', group);
      return found;
    },
    'read-tokens': ({ completion }) => readTokens(completion),
    'prompt-history': ({ run, row }) => samples.promptHistory(run, row),
    'bookmark-completion': ({ completion, on, note }) => {
      if (on) samples.bookmark(completion, note ?? '');
      else samples.removeBookmark(completion);
      return null;
    },
    'export-samples': exportSamples,
  };
}

function gone(what: 'group' | 'completion', id: number): StudioError {
  const sentence = `There is no ${what} ${id} any more: its run went back to an earlier step, or was deleted.`;
  return new StudioError('io_failed', sentence);
}
