/**
 * What a person watching a run sees, as pure functions: engine events become a `ProgressState`, a state becomes text.
 * The terminal bar, the plain lines and the tests all come from here.
 */
import { styleText } from 'node:util';
import type { RunType } from '../contract/config.ts';
import type { EngineEvent } from '../contract/engine.ts';
import { displayWidth, formatDuration, formatNumber, formatPercent, oneLine, truncate } from './format.ts';

export interface ProgressState {
  type: RunType;
  maxSteps: number;
  /** The rule whose mean score is the accuracy: the first one. */
  firstRule: string | null;
  /** Steps done. */
  step: number;
  phase: Extract<EngineEvent, { type: 'phase' }>['phase'] | 'starting' | 'paused' | 'stopping' | 'done';
  /** Metrics of the newest step. */
  metrics: Record<string, number>;
  warning: string | null;
  /** Milliseconds at which the newest steps ended, oldest first, the start of the first among them. */
  stepTimes: number[];
  startedAt: number;
}

export interface RenderOptions {
  /** Columns of the terminal. */
  width: number;
  color: boolean;
  /** Milliseconds, of the same clock as the events. */
  now: number;
}

/** Steps that the speed is measured over. */
const SPEED_WINDOW = 20;

const BAR_COLUMNS = 24;

export function startProgress(type: RunType, maxSteps: number, firstRule: string | null, now: number): ProgressState {
  return {
    type,
    maxSteps,
    firstRule,
    step: 0,
    phase: 'starting',
    metrics: {},
    warning: null,
    stepTimes: [],
    startedAt: now,
  };
}

export function updateProgress(state: ProgressState, event: EngineEvent, now: number): ProgressState {
  switch (event.type) {
    case 'started':
      return { ...state, step: event.step, stepTimes: [] };
    case 'phase': {
      // Evaluations and checkpoints between steps belong to no step: the clock starts when sampling does.
      const stepTimes = state.stepTimes.length === 0 && WORK.has(event.phase) ? [now] : state.stepTimes;
      return { ...state, phase: state.phase === 'stopping' ? 'stopping' : event.phase, stepTimes };
    }
    case 'step': {
      const { step, metrics } = event.record;
      return { ...state, step, metrics, stepTimes: [...state.stepTimes, now].slice(-SPEED_WINDOW - 1) };
    }
    case 'warning':
      return { ...state, warning: event.message };
    case 'paused':
      return { ...state, phase: 'paused', stepTimes: [] };
    case 'finished':
    case 'failed':
      return { ...state, phase: 'done' };
    default:
      return state;
  }
}

const WORK: ReadonlySet<string> = new Set(['sampling', 'scoring', 'reference', 'update']);

/** Seconds until the last step at the speed of the newest ones; null when nothing is known yet. */
export function secondsLeft(state: ProgressState): number | null {
  const [first] = state.stepTimes;
  const last = state.stepTimes.at(-1);
  if (first === undefined || last === undefined || state.stepTimes.length < 2) return null;
  return ((last - first) / 1000 / (state.stepTimes.length - 1)) * (state.maxSteps - state.step);
}

/** The metrics worth watching, most important first; a metric that the run does not have is left out. */
function watched(state: ProgressState): string[] {
  const { metrics } = state;
  // The accuracy of a step is what `accuracy` is in an evaluation: the mean score of the first rule, of a reward model its own.
  const accuracy = metrics[state.firstRule === null ? 'accuracy' : `rewards/${state.firstRule}/mean`];
  const named: [string, number | undefined, (value: number) => string][] = [
    ['loss', state.type !== 'grpo' ? metrics['loss'] : undefined, formatNumber],
    ['reward', metrics['reward'], formatNumber],
    ['accuracy', accuracy, formatPercent],
    ['margin', metrics['margin'], formatNumber],
    ['KL', metrics['kl'], formatNumber],
    ['entropy', metrics['entropy'], formatNumber],
    ['tokens/s', tokensPerSecond(metrics), (value) => value.toFixed(0)],
  ];
  return named.flatMap(([name, value, format]) => (value === undefined ? [] : `${name} ${format(value)}`));
}

/** Completion tokens of the step over the time of the whole step. */
function tokensPerSecond({
  completion_tokens: tokens,
  step_time: seconds,
}: Record<string, number | undefined>): number | undefined {
  return tokens === undefined || seconds === undefined || seconds === 0 ? undefined : tokens / seconds;
}

/** One plain line for the newest step, for logs. */
export function stepLine(state: ProgressState): string {
  return [`step ${state.step}/${state.maxSteps}`, ...watched(state), `ETA ${formatDuration(secondsLeft(state))}`].join(
    '  ',
  );
}

/** True when the newest step gets a plain line of its own: every one up to 200 steps, then about 200 in all, and always the last. */
export function isLoggedStep(state: ProgressState): boolean {
  const every = Math.ceil(state.maxSteps / 200);
  return state.step % every === 0 || state.step === state.maxSteps;
}

/** The live display: the bar, the metrics, and the last warning; no line is wider than the terminal. */
export function renderProgress(state: ProgressState, { width, color, now }: RenderOptions): string[] {
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text;
  // The last column stays free: some terminals wrap when it is written.
  const columns = Math.max(1, width - 1);
  const share = Math.min(1, state.step / state.maxSteps);
  const count = `${state.step}/${state.maxSteps}`;
  const time = `${formatDuration((now - state.startedAt) / 1000)}  ETA ${formatDuration(secondsLeft(state))}`;
  const rest = ` ${count}  ${time}  ${state.phase}`;
  const cells = Math.min(BAR_COLUMNS, columns - displayWidth(rest));
  const lines: string[] = [];
  if (cells >= 4) {
    const full = Math.floor(share * cells);
    lines.push(
      paint('green', '█'.repeat(full)) +
        paint('dim', '░'.repeat(cells - full)) +
        ` ${count}  ${paint('dim', `${time}  ${state.phase}`)}`,
    );
  } else {
    lines.push(truncate(`${count}  ${time}  ${state.phase}`, columns));
  }
  const metrics = fitting(watched(state), columns);
  if (metrics !== '') lines.push(metrics);
  if (state.warning !== null) lines.push(paint('yellow', truncate(`warning: ${oneLine(state.warning)}`, columns)));
  return lines;
}

/** As many of the parts, from the first on, as fit in one line. */
function fitting(parts: string[], columns: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line;
}
