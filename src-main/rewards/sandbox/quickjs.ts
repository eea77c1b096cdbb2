/** Runs scripts in QuickJS (WebAssembly), each in a runtime of its own: nothing that one does can be seen by the next. */
import variant from '@jitl/quickjs-wasmfile-release-sync';
import {
  DefaultIntrinsics,
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import { harnessSource } from './harness.ts';

export interface ScriptLimits {
  /** Processor time, so that a busy machine changes no verdict, in milliseconds. */
  timeoutMs: number;
  memoryMb: number;
  stackKb: number;
}

/** Why a script has no result: a sentence's end (`threw TypeError: …`), and where. */
export class ScriptFailure extends Error {
  readonly line: number | null;
  readonly column: number | null;

  constructor(message: string, place: { line: number; column: number } | null = null) {
    super(message);
    this.line = place?.line ?? null;
    this.column = place?.column ?? null;
  }
}

/** Name of the script in QuickJS's stack traces. */
const scriptName = 'script.js';

/** Time for a failed script's error to be read, in milliseconds, and memory, in bytes. */
const readErrorMs = 20;
const readErrorBytes = 1024 * 1024;

const processorMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

export class ScriptEngine {
  #module: QuickJSWASMModule;

  private constructor(module: QuickJSWASMModule) {
    this.#module = module;
  }

  /** The package's types say `variant` is its CommonJS module; the ES module that is loaded gives the variant itself. */
  static async open(): Promise<ScriptEngine> {
    return new ScriptEngine(await newQuickJSWASMModuleFromVariant(variant as unknown as QuickJSSyncVariant));
  }

  /**
   * Calls `use` with a fresh session.
   * @throws ScriptFailure what the script did wrong; any other error leaves the engine in doubt: the thread should end
   */
  run<Result>(limits: ScriptLimits, use: (session: ScriptSession) => Result): Result {
    const runtime = this.#module.newRuntime();
    try {
      const context = runtime.newContext({ intrinsics: { ...DefaultIntrinsics, Date: false } });
      const session = new ScriptSession(runtime, context, limits);
      try {
        return use(session);
      } finally {
        session.dispose();
        context.dispose();
      }
    } finally {
      runtime.dispose();
    }
  }
}

type HarnessFunction = 'seedRandom' | 'callScore' | 'describeError' | 'differs' | 'untrue' | 'callTest' | 'welcomeCode';

/** One runtime with the harness in it. Its time runs from the start. */
export class ScriptSession {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #limits: ScriptLimits;
  readonly #harness: QuickJSHandle;
  readonly #handles: QuickJSHandle[] = [];
  #end: number;
  #interrupted = false;

  constructor(runtime: QuickJSRuntime, context: QuickJSContext, limits: ScriptLimits) {
    this.#runtime = runtime;
    this.#context = context;
    this.#limits = limits;
    this.#harness = context.unwrapResult(context.evalCode(harnessSource, 'harness.js', { strict: true }));
    this.#handles.push(this.#harness);
    runtime.setMemoryLimit(limits.memoryMb * 1024 * 1024);
    runtime.setMaxStackSize(limits.stackKb * 1024);
    this.#end = processorMs() + limits.timeoutMs;
    runtime.setInterruptHandler(() => {
      if (processorMs() < this.#end) return false;
      this.#interrupted = true;
      return true;
    });
  }

  /** Whether the script ran into its time limit. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Runs a script or a module. @returns the script's last value, or the module's exports @throws ScriptFailure */
  evaluate(source: string, type: 'global' | 'module' = 'global'): QuickJSHandle {
    return this.#take(this.#context.evalCode(source, scriptName, { type }));
  }

  /** Compiles without running. @throws ScriptFailure */
  compile(source: string, type: 'global' | 'module'): void {
    this.#take(this.#context.evalCode(source, scriptName, { type, compileOnly: true }));
  }

  call(name: HarnessFunction, ...args: (QuickJSHandle | string | number)[]): QuickJSHandle {
    const handles = args.map((value) => {
      if (typeof value === 'object') return value;
      return this.#keep(typeof value === 'string' ? this.#context.newString(value) : this.#context.newNumber(value));
    });
    const func = this.#keep(this.#context.getProp(this.#harness, name));
    return this.#take(this.#context.callFunction(func, this.#context.undefined, handles));
  }

  property(handle: QuickJSHandle, name: string): QuickJSHandle {
    return this.#keep(this.#context.getProp(handle, name));
  }

  typeOf(handle: QuickJSHandle): string {
    return this.#context.typeof(handle);
  }

  /** The text of a string that the harness made, which is short. */
  text(handle: QuickJSHandle): string {
    return this.#context.getString(handle);
  }

  /** The value of a promise once every job that was waiting has run; another value as it is. @throws ScriptFailure */
  settled(handle: QuickJSHandle): QuickJSHandle {
    if (this.typeOf(handle) !== 'object') return handle;
    const ran = this.#runtime.executePendingJobs();
    if (ran.error) throw this.#failure(this.#keep(ran.error));
    const state = this.#context.getPromiseState(handle);
    if (state.type === 'pending') throw new ScriptFailure('waited for something that never comes');
    if (state.type === 'rejected') throw this.#failure(this.#keep(state.error));
    return state.notAPromise === true ? handle : this.#keep(state.value);
  }

  dispose(): void {
    for (const handle of this.#handles) if (handle.alive) handle.dispose();
  }

  #keep(handle: QuickJSHandle): QuickJSHandle {
    this.#handles.push(handle);
    return handle;
  }

  #take(result: { value: QuickJSHandle; error?: undefined } | { error: QuickJSHandle }): QuickJSHandle {
    if (result.error === undefined) return this.#keep(result.value);
    throw this.#failure(this.#keep(result.error));
  }

  #failure(error: QuickJSHandle): ScriptFailure {
    const timedOut = this.#interrupted;
    const end = this.#end;
    const mostBytes = this.#limits.memoryMb * 1024 * 1024;
    this.#end = processorMs() + readErrorMs;
    this.#runtime.setMemoryLimit(mostBytes + readErrorBytes);
    const { what, place } = this.#describe(error);
    this.#end = end; // what goes on after the failure has the time that is left
    this.#runtime.setMemoryLimit(mostBytes);
    if (timedOut) return new ScriptFailure(`ran longer than ${this.#limits.timeoutMs} ms`, place);
    const tooMuch = `needed more than ${this.#limits.memoryMb} MiB of memory`;
    if (what === 'InternalError: out of memory') return new ScriptFailure(tooMuch, place);
    // QuickJS throws null where not even an error fits.
    if (what === 'null') return new ScriptFailure(`threw null, or ${tooMuch}`, place);
    if (what.endsWith('stack overflow'))
      return new ScriptFailure(`nested calls deeper than its stack of ${this.#limits.stackKb} KiB`, place);
    return new ScriptFailure(`threw ${what}`, place);
  }

  #describe(error: QuickJSHandle): { what: string; place: { line: number; column: number } | null } {
    const describe = this.#keep(this.#context.getProp(this.#harness, 'describeError'));
    const result = this.#context.callFunction(describe, this.#context.undefined, error);
    if (result.error) {
      this.#keep(result.error);
      return { what: 'something that cannot be shown', place: null };
    }
    const text = this.#context.getString(this.#keep(result.value));
    const end = text.indexOf('\n');
    const what = JSON.parse(end < 0 ? text : text.slice(0, end)) as string;
    const place = /script\.js:(\d+)(?::(\d+))?/.exec(end < 0 ? '' : text.slice(end));
    return { what, place: place && { line: Number(place[1]), column: Number(place[2] ?? 1) } };
  }
}
