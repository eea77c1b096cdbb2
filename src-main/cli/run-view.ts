/** Shows a run while it goes on: a live display on a terminal, plain lines elsewhere, JSON lines for programs. */
import { rewardRulesOf } from '../contract/config.ts';
import type { EngineEvent, EvaluationRecord } from '../contract/engine.ts';
import type { RunDetail } from '../contract/run.ts';
import { formatCount, formatNumber, formatPercent, plural } from './format.ts';
import type { Output } from './output.ts';
import {
  isLoggedStep,
  renderProgress,
  startProgress,
  stepLine,
  updateProgress,
  type ProgressState,
} from './progress.ts';

/** Milliseconds between redraws of the live display while nothing happens. */
const redrawInterval = 1000;

export class RunView {
  readonly #details: string;
  readonly #output: Output;
  #progress: ProgressState;
  #warnings = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param details the command line that shows the run in detail */
  constructor(run: RunDetail, details: string, output: Output) {
    this.#details = details;
    this.#output = output;
    this.#progress = startProgress(run.type, run.maxSteps, rewardRulesOf(run.run)[0]?.name ?? null, Date.now());
  }

  start(): void {
    if (!this.#output.isTerminal) return;
    this.#timer = setInterval(() => this.#draw(), redrawInterval);
    this.#draw();
  }

  show(event: EngineEvent): void {
    this.#progress = updateProgress(this.#progress, event, Date.now());
    this.#output.emit(eventLine(event));
    const text = this.#lineFor(event);
    if (text !== null) this.#output.say(text);
    this.#draw();
  }

  /** A line above the live display. */
  say(text: string): void {
    this.#output.say(text);
    this.#draw();
  }

  stopping(): void {
    this.#progress = { ...this.#progress, phase: 'stopping' };
    this.#draw();
  }

  /** Takes the live display away; the warnings it showed are counted, for only the last one was seen. */
  end(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#output.clearLive();
    if (this.#warnings > 0) {
      const count = plural(this.#warnings, 'warning');
      this.#output.say(this.#output.paint('yellow', `${count}, all listed by: ${this.#details}`));
    }
  }

  #draw(): void {
    if (this.#timer === null) return;
    const { width, color } = this.#output;
    this.#output.live(renderProgress(this.#progress, { width, color, now: Date.now() }));
  }

  #lineFor(event: EngineEvent): string | null {
    switch (event.type) {
      case 'started': {
        const { backend, device, parameters } = event.info;
        const from = event.step > 0 ? ` Goes on after step ${event.step}.` : '';
        return `${formatCount(parameters)} parameters on backend ${backend} (${device}).${from}`;
      }
      case 'step':
        return this.#timer === null && isLoggedStep(this.#progress) ? stepLine(this.#progress) : null;
      case 'evaluation':
        return this.#output.paint('bold', evaluationLine(event.record));
      case 'warning':
        this.#warnings++;
        return this.#timer === null ? `warning: ${event.message}` : null;
      default:
        return null;
    }
  }
}

/** `Held-out accuracy after 120 steps: 85.2% (218 of 256), reward 1.02`; before training: `Held-out accuracy before training: …`. */
export function evaluationLine({ step, metrics, samples }: EvaluationRecord): string {
  const when = step === 0 ? 'before training' : `after ${plural(step, 'step')}`;
  const { accuracy, reward, loss } = metrics;
  const parts: string[] = [];
  if (reward !== undefined) parts.push(`reward ${formatNumber(reward)}`);
  if (loss !== undefined) parts.push(`loss ${formatNumber(loss)}`);
  if (samples.length > 0) parts.push(plural(samples.length, 'problem'));
  if (accuracy === undefined) return `Held out ${when}: ${parts.join(', ')}`;
  return `Held-out accuracy ${when}: ${formatPercent(accuracy)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

/** The event as `--json` prints it: all of it but the completions, which are in the database. */
export function eventLine(event: EngineEvent): Record<string, unknown> {
  switch (event.type) {
    case 'step':
      return { event: 'step', step: event.record.step, metrics: event.record.metrics };
    case 'evaluation':
      return {
        event: 'evaluation',
        step: event.record.step,
        metrics: event.record.metrics,
        samples: event.record.samples.length,
      };
    case 'started':
      return { event: 'started', step: event.step, ...event.info };
    default: {
      const { type, ...rest } = event;
      return { event: type, ...rest };
    }
  }
}
