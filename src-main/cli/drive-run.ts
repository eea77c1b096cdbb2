/** Takes a run from its rows to its end in this terminal: what `train`, `sft`, `reward-model` and `demo` have in common. */
import type { RunConfig } from '../contract/config.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { RunDetail, RunSummary } from '../contract/run.ts';
import { checkExamples } from '../engine/reward-model/examples.ts';
import type { RunRows } from '../runs/content-hash.ts';
import { isLive } from '../runs/run-state.ts';
import { runCommands } from '../services/config/config-file.ts';
import { requireRunMemory } from '../services/models/run-memory.ts';
import { prepareRun } from '../services/runs/prepare-run.ts';
import { describeError, exitCodes } from './errors.ts';
import { formatDuration, formatPercent, plural } from './format.ts';
import { onInterrupt } from './interrupts.ts';
import type { Output } from './output.ts';
import { RunView } from './run-view.ts';
import type { Studio } from './studio.ts';

/** How a run begins. */
interface Beginning {
  /** Begins even a run that does not fit into the memory that is free. */
  ignoreMemory?: boolean | undefined;
}

/** Creates a run of this configuration and follows it to its end. Returns the exit code. */
export async function runNew(
  studio: Studio,
  config: RunConfig,
  output: Output,
  { ignoreMemory = false }: Beginning = {},
): Promise<number> {
  const rows = await readRows(config);
  if (!ignoreMemory) await requireRunMemory(studio.models, config, rows.trainRows);
  const run = studio.runs.createRun(config, rows);
  return followRun(studio, run, () => studio.runs.start(run.id, rows), output);
}

/** Resumes a stored run from its newest checkpoint and follows it to its end. Returns the exit code. */
export async function runResumed(
  studio: Studio,
  idOrName: string,
  output: Output,
  { ignoreMemory = false }: Beginning = {},
): Promise<number> {
  const run = studio.store.reader.resolveRun(idOrName);
  const rows = await readRows(run.run);
  if (!ignoreMemory) await requireRunMemory(studio.models, run.run, rows.trainRows);
  return followRun(studio, run, () => void studio.runs.resume(run.id, rows), output);
}

/** The rows of a run; those of a reward model are held to one kind as well. */
async function readRows(run: RunConfig): Promise<RunRows> {
  const rows = await prepareRun(run);
  if (run.type === 'reward_model') checkExamples(rows.trainRows, rows.evalRows);
  return rows;
}

async function followRun(studio: Studio, run: RunDetail, begin: () => void, output: Output): Promise<number> {
  const { id, name, type, maxSteps, directory } = run;
  const database = studio.store.path;
  output.emit({ event: 'run', run_id: id, name, type, max_steps: maxSteps, directory, database });
  output.say(`${output.paint('bold', `Run ${id}`)} (${name}): ${describeRun(run.run)}`);

  const view = new RunView(run, studio.commandLine(`runs show ${id}`), output);
  const unlisten = studio.runs.onEvent((runId, event) => {
    if (runId === id) view.show(event);
  });
  let interrupted = false;
  const ignoreInterrupts = onInterrupt({
    first: () => {
      if (!isLive(studio.store.reader.getRun(id).status)) return; // it has just ended by itself
      interrupted = true;
      view.say('Stopping after this step, then saving. Press Ctrl-C again to end at once.');
      view.stopping();
      studio.runs.stop(id);
    },
    again: () => void studio.runs.close(),
  });
  try {
    begin();
    view.start();
    const ended = await studio.runs.finished(id);
    view.end();
    return report(ended, run, interrupted, studio, output);
  } finally {
    view.end();
    unlisten();
    ignoreInterrupts();
  }
}

/** Failures that a resumed run would only meet again. */
const lasting: readonly ErrorCode[] = ['config_invalid', 'reward_invalid', 'model_unsupported', 'training_diverged'];

/** Says how the run ended and what to do next; under `--json` the result is the last line. */
function report(ended: RunSummary, run: RunDetail, interrupted: boolean, studio: Studio, output: Output): number {
  const resume = `Resume it with: ${studio.commandLine(`${runCommands[run.type]} --resume ${run.id}`)}`;
  const database = studio.store.path;
  const seconds = performance.now() / 1000;
  switch (ended.status) {
    case 'completed':
      output.say(`Completed ${plural(ended.step, 'step')} in ${formatDuration(seconds)}.${gain(ended)}`);
      break;
    case 'stopped':
      output.say(`Stopped after step ${ended.step} and saved. ${resume}`);
      break;
    case 'failed':
      output.complain(
        ended.error === null ? `${output.paint('red', 'error:')} The run failed.` : describeError(ended.error, output),
      );
      output.say(
        `The database has ${plural(ended.step, 'step')} of it. ${
          ended.error !== null && lasting.includes(ended.error.code)
            ? 'Resumed, it would fail in the same way; correct its config and begin a new run.'
            : resume
        }`,
      );
      break;
    default:
      output.say(
        `Ended at once, ${plural(ended.step, 'step')} recorded. ${resume}\nIt goes on from the newest checkpoint.`,
      );
  }
  output.say(`Database: ${database}\nLook closer: ${studio.commandLine(`runs show ${run.id}`)}`);
  output.emit({
    event: 'result',
    run_id: run.id,
    status: ended.status,
    steps: ended.step,
    eval_before: ended.evalBefore,
    eval_after: ended.evalAfter,
    seconds: Math.round(seconds * 10) / 10,
    database,
    error: ended.error,
  });
  if (ended.status === 'completed') return exitCodes.ok;
  return ended.status === 'failed' || !interrupted ? exitCodes.failure : exitCodes.interrupted;
}

function gain({ evalBefore, evalAfter, step }: RunSummary): string {
  if (evalBefore === null || evalAfter === null || step === 0) return '';
  return ` Held-out accuracy: ${formatPercent(evalBefore)} before, ${formatPercent(evalAfter)} after.`;
}

/** `GRPO on models/starter, 120 steps of 8 prompts × 8 completions`. */
function describeRun({ type, config }: RunConfig): string {
  const batch =
    type === 'grpo'
      ? `${plural(config.prompts_per_step, 'prompt')} × ${config.num_generations} completions`
      : plural(config.batch_size, 'row');
  const what = { grpo: 'GRPO', sft: 'SFT', reward_model: 'Reward model' }[type];
  return `${what} on ${config.model}, ${plural(config.max_steps, 'step')} of ${batch}`;
}
