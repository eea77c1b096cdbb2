/**
 * Where a command writes. Results for a person go to stdout; under `--json` stdout carries JSON lines only and what is for
 * a person goes to stderr.
 */
import type { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** A stream that may be a terminal. */
export type OutputStream = Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'hasColors'>>;

export interface Streams {
  stdout: OutputStream;
  stderr: OutputStream;
}

type Format = Parameters<typeof styleText>[0];

export class Output {
  readonly json: boolean;
  readonly #human: OutputStream;
  readonly #machine: OutputStream;
  readonly #errors: OutputStream;
  #liveLines = 0;

  constructor(json: boolean, { stdout, stderr }: Streams) {
    this.json = json;
    this.#human = json ? stderr : stdout;
    this.#machine = stdout;
    this.#errors = stderr;
  }

  /** True when the text for people lands on a terminal that can move its cursor. */
  get isTerminal(): boolean {
    return this.#human.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  get width(): number {
    const columns = this.#human.columns ?? 0; // some terminals say 0 until they know
    return columns > 0 ? columns : 100;
  }

  /** Colours on a terminal that has them, unless NO_COLOR is set. */
  get color(): boolean {
    return this.isTerminal && this.#human.hasColors?.() === true;
  }

  paint(format: Format, text: string): string {
    return this.color ? styleText(format, text, { validateStream: false }) : text;
  }

  /** A line, or several, for a person. */
  say(text: string): void {
    this.clearLive();
    this.#human.write(`${text}\n`);
  }

  /** What went wrong, always to stderr. */
  complain(text: string): void {
    this.clearLive();
    this.#errors.write(`${text}\n`);
  }

  /** One JSON line for a program; nothing without `--json`. */
  emit(value: unknown): void {
    if (this.json) this.#machine.write(`${JSON.stringify(value, replaceTyped)}\n`);
  }

  /** Puts lines at the bottom of the terminal, in place of the live lines before. */
  live(lines: string[]): void {
    const rewind = this.#liveLines === 0 ? '' : `\r\x1b[${this.#liveLines}A\x1b[0J`;
    this.#human.write(`${rewind}${lines.join('\n')}\n`);
    this.#liveLines = lines.length;
  }

  /** Takes the live lines away. */
  clearLive(): void {
    if (this.#liveLines > 0) this.#human.write(`\r\x1b[${this.#liveLines}A\x1b[0J`);
    this.#liveLines = 0;
  }
}

/** Typed arrays as JSON lists. */
function replaceTyped(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value;
}
