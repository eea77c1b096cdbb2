/** Hostile scripts: each is stopped within its limits, says why, and the next completion is scored as if nothing had been. */
import { afterAll, describe, expect, test } from 'vitest';
import { Sandbox } from './sandbox.ts';
import type { ScriptJob } from './script-jobs.ts';

const rule = { timeout_ms: 60, memory_mb: 16, stack_kb: 128, budget_ms: 300_000 };
const limits = { timeoutMs: rule.timeout_ms, memoryMb: rule.memory_mb, stackKb: rule.stack_kb };
const input = JSON.stringify({
  prompt: 'p',
  completion: 'text',
  reasoning: null,
  answer: 'text',
  row: {},
  tokens: [1],
});

const sandbox = new Sandbox();
afterAll(() => sandbox.dispose());

const job = (source: string): ScriptJob => ({ kind: 'score', source, seed: null, input, limits });
const body = (statements: string) => `function score(input) { ${statements} }`;

const slow = /ran longer than 60 ms/;
const memory = /more than 16 MiB of memory/;
const stack = /deeper than its stack of 128 KiB/;
/** Where more than one limit is near, any of them may be met first. */
const contained = /ran longer|MiB of memory|deeper than its stack|threw|ended the sandbox/;

/** Name, script, what is said of it; `null`: it is harmless here and gives the score 1. */
const scripts: [string, string, RegExp | null][] = [
  // Loops.
  ['while', body('while (true);'), slow],
  ['for with work', body('let n = 0; for (;;) n++;'), slow],
  ['loop in a catch', body('for (;;) { try { for (;;); } catch {} }'), slow],
  ['loop in a finally', body('try { for (;;); } finally { return 1; }'), slow],
  ['loop outside score', 'for (;;); function score() { return 1 }', slow],
  ['recursion that catches itself', body('const f = () => { try { f(); } catch { f(); } }; f();'), contained],
  ['labelled loop', body('a: for (;;) { b: for (;;) continue a; }'), slow],
  ['generator without end', body('function* g() { for (;;) yield 1; } for (const x of g());'), slow],
  [
    'iterator without end',
    body('return [...{ [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) }].length'),
    contained,
  ],
  ['comparator that loops', body('[3, 1, 2].sort(() => { for (;;); })'), slow],
  ['replacer that loops', body('"a".replace(/a/, () => { for (;;); })'), slow],
  ['getter that loops', body('return { get score() { for (;;); } }'), slow],
  ['proxy that loops', body('return new Proxy({}, { get() { for (;;); } })'), slow],
  ['toPrimitive that loops', body('return 1 + { [Symbol.toPrimitive]() { for (;;); } }'), slow],
  ['toJSON that loops', body('return JSON.stringify({ toJSON() { for (;;); } })'), slow],
  ['setter that loops', body('const o = { set x(v) { for (;;); } }; o.x = 1;'), slow],
  ['error whose message loops', body('throw { get message() { for (;;); } }'), contained],
  [
    'error whose stack loops',
    body('const e = new Error("x"); Object.defineProperty(e, "stack", { get() { for (;;); } }); throw e;'),
    contained,
  ],
  ['loop in eval', body('eval("for (;;);")'), slow],
  ['loop in Function', body('new Function("for (;;);")()'), slow],
  ['loop in a built-in', body('return Array(1e9).indexOf(1)'), slow],
  ['loop in join', body('return new Array(4e9).join("").length'), contained],
  ['sort of something long', body('Array.prototype.sort.call({ length: 2 ** 53 - 1 }, (a, b) => a - b)'), contained],
  ['reverse of something long', body('Array.prototype.reverse.call({ length: 2 ** 53 - 1 })'), contained],
  // Regular expressions.
  ['(a+)+$', body('return /^(a+)+$/.test("a".repeat(50) + "b") ? 1 : 0'), slow],
  ['(x+x+)+y', body('return /(x+x+)+y/.test("x".repeat(5000)) ? 1 : 0'), slow],
  ['(.*)*=.*', body('return /^(.*)*=(.*)*$/.test(" ".repeat(3000)) ? 1 : 0'), contained],
  ['nested lookaheads', body('return /^(?=(a+)+b)(?=(a|aa)+$)/.test("a".repeat(60)) ? 1 : 0'), slow],
  ['back-references', body('return /^(a*)*\\1*b/.test("a".repeat(200)) ? 1 : 0'), slow],
  ['a large counted group', body('return /((a{1,100}){1,100}){1,100}b/.test("a".repeat(500)) ? 1 : 0'), contained],
  ['a huge pattern', body('return new RegExp("(".repeat(1e5) + ")".repeat(1e5)).test("") ? 1 : 0'), contained],
  // Memory.
  ['growing list', body('const a = []; for (;;) a.push(new Array(1000).fill(1));'), contained],
  ['doubling string', body('let s = "x"; for (;;) s += s;'), contained],
  ['repeat', body('return "x".repeat(1e9).length'), memory],
  ['padEnd', body('return "x".padEnd(1e9).length'), memory],
  ['typed array', body('return new Uint8Array(1e9).length'), memory],
  ['array buffer that grows', body('const all = []; for (;;) all.push(new ArrayBuffer(1e6));'), contained],
  ['shared array buffer', body('return new SharedArrayBuffer(1e9).byteLength'), contained],
  ['map that grows', body('const m = new Map(); for (let i = 0; ; i++) m.set(i, {});'), contained],
  ['closures that hold one another', body('let f = () => 0; for (;;) { const g = f; f = () => g; }'), contained],
  ['Array.from', body('return Array.from({ length: 1e9 }).length'), contained],
  ['fill of something long', body('Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 0)'), contained],
  ['BigInt power', body('return Number((7n ** 10000000n) % 10n)'), contained],
  ['many symbols', body('for (;;) Symbol.for(String(Math.sqrt(2)) + globalThis.i++);'), contained],
  ['split into pieces', body('return "ab".repeat(4e6).split("").length'), contained],
  ['a huge why', body('return { score: 1, why: "x".repeat(7e6) }'), null],
  ['a why that is a rope', body('let s = "x"; while (s.length < 3e8) s += s; return { score: 1, why: s }'), contained],
  [
    'a million spans',
    body('return { score: 1, spans: new Array(1e6).fill({ start: 0, end: 1 }) }'),
    /more than 64 spans/,
  ],
  [
    'spans without end',
    body(
      'return { score: 1, spans: new Proxy([], { get: (t, k) => (k === "length" ? 60 : { get start() { for (;;); } }) }) }',
    ),
    slow,
  ],
  // Stack.
  ['recursion', body('return score()'), stack],
  ['recursion of two', body('const a = () => b(), b = () => a(); return a();'), stack],
  [
    'deep list to JSON',
    body('let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a).length'),
    contained,
  ],
  ['deep JSON to list', body('return JSON.parse("[".repeat(1e5) + "]".repeat(1e5)).length'), contained],
  ['deep source', body(`return eval("(".repeat(1e5) + "1" + ")".repeat(1e5))`), contained],
  ['deep toString', body('let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a).length'), contained],
  [
    'deep prototype chain',
    body('let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); return o.x ?? 1'),
    null,
  ],
  [
    'deep bound function',
    body('let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); return f()'),
    contained,
  ],
  ['proxy of proxies', body('let p = {}; for (let i = 0; i < 1e4; i++) p = new Proxy(p, {}); return p.x'), contained],
  // Wrong results.
  ['NaN', body('return NaN'), /returned NaN/],
  ['Infinity', body('return -1 / 0'), /returned -Infinity/],
  ['nothing', body(''), /returned nothing/],
  ['text', body('return "1"'), /returned a string/],
  ['yes', body('return true'), /returned a boolean/],
  ['a list', body('return [1]'), /returned a list/],
  ['BigInt', body('return 1n'), /returned a bigint/],
  ['symbol', body('return Symbol()'), /returned a symbol/],
  ['object without score', body('return {}'), /whose score is nothing/],
  ['score NaN', body('return { score: NaN }'), /whose score is NaN/],
  ['score object', body('return { score: { valueOf: () => 1 } }'), /whose score is an object/],
  ['why that is no text', body('return { score: 1, why: {} }'), /whose why is an object/],
  ['span outside', body('return { score: 1, spans: [{ start: 0, end: 99 }] }'), /does not lie in the completion/],
  ['promise', body('return Promise.resolve(1)'), /returned a promise/],
  ['async', 'async function score() { for (;;) await 0; }', /returned a promise/],
  ['thenable', body('return { then() { for (;;); } }'), /returned a promise/],
  ['generator', 'function* score() { yield 1; }', /whose score is nothing/],
  ['throws nothing', body('throw undefined'), /threw undefined/],
  ['throws a proxy', body('throw new Proxy({}, { get() { throw 1; } })'), /threw something that cannot be shown/],
  ['throws a false time-out', body('throw new InternalError("interrupted")'), /threw/],
  ['a promise nobody awaits', body('(async () => { for (;;) await 0; })(); return 1'), null],
  // Tampering. The harness keeps what it needs from before the script.
  ['JSON replaced', `JSON.parse = JSON.stringify = () => '{"score":99}'; ${body('return 1')}`, null],
  [
    'prototypes polluted',
    `Object.prototype.toJSON = () => 99; Object.prototype.why = 7; Array.prototype.toJSON = () => 99; ${body('return 1')}`,
    null,
  ],
  ['score on the prototype', `Object.prototype.score = 99; ${body('return { why: 1 }')}`, /whose why is a number/],
  [
    'String.prototype.slice replaced',
    `String.prototype.slice = () => 99; ${body('return { score: 1, why: "ok" }')}`,
    null,
  ],
  ['Number.isFinite replaced', `Number.isFinite = () => true; ${body('return NaN')}`, /returned NaN/],
  [
    'Function.prototype.call replaced',
    `Function.prototype.call = Function.prototype.apply = () => 99; ${body('return { score: 1, why: "ok" }')}`,
    null,
  ],
  [
    'its completion lengthened',
    body('input.completion = "x".repeat(100); return { score: 1, spans: [{ start: 0, end: 50 }] }'),
    /does not lie/,
  ],
  ['state for the next one', `globalThis.count = (globalThis.count ?? 0) + 1; ${body('return count')}`, null],
  ['frozen globals', `Object.freeze(globalThis); Object.freeze(Object.prototype); ${body('return 1')}`, null],
  // Ways out.
  ['clock', body('return Date.now()'), /there is no clock/],
  ['clock by new', body('return new Date().getTime()'), /there is no clock/],
  ['performance', body('return performance.now()'), /'?performance'? is not defined/],
  ['randomness', body('return Math.random()'), /needs a seed/],
  ['process', body('return process.exit(1)'), /'?process'? is not defined/],
  ['require', body('return require("fs").length'), /'?require'? is not defined/],
  ['fetch', body('return fetch("http://127.0.0.1")'), /'?fetch'? is not defined/],
  ['timer', body('setTimeout(() => 0)'), /'?setTimeout'? is not defined/],
  ['worker', body('new Worker("x")'), /'?Worker'? is not defined/],
  ['console', body('console.log(1)'), /'?console'? is not defined/],
  ['std module', 'import * as std from "std"; export const score = () => 1', /threw/],
  ['dynamic import', body('import("fs"); return 1'), null],
  [
    'constructor of a function',
    body('return score.constructor("return typeof process + typeof require")() === "undefinedundefined" ? 1 : 0'),
    null,
  ],
  [
    'constructor of the input',
    body('return input.constructor.constructor("return typeof process")() === "undefined" ? 1 : 0'),
    null,
  ],
  ['global through this', body('return (function () { return typeof this.process })() === "undefined" ? 1 : 0'), null],
  ['caller', body('return arguments.callee.caller === null || score.caller === undefined ? 1 : 0'), null],
  ['Atomics.wait', body('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); return 1'), contained],
  [
    'finalizers',
    body('new FinalizationRegistry(() => { for (;;); }).register({}, 1)'),
    /'?FinalizationRegistry'? is not defined/,
  ],
];

describe('hostile scripts', () => {
  test(
    `${scripts.length} scripts are contained, and after each a plain one is scored`,
    { timeout: 300_000 },
    async () => {
      expect(scripts.length).toBeGreaterThanOrEqual(60);
      const plain = job(body('return typeof count === "undefined" ? input.tokens.length : -1'));
      const answers = await sandbox.run(
        scripts.flatMap(([, source]) => [job(source), plain]),
        rule,
      );
      const wrong = scripts.flatMap(([name, , expected], index) => {
        const [answer, next] = answers.slice(2 * index, 2 * index + 2);
        const said = 'problem' in answer ? answer.problem : 'score' in answer ? answer.score : answer;
        const right = expected === null ? said === 1 : typeof said === 'string' && expected.test(said);
        const after = 'score' in next && next.score === 1;
        return right && after ? [] : [{ name, said, next }];
      });
      expect(wrong).toEqual([]);
    },
  );

  test('time that all completions share is kept to: what is left is not run', async () => {
    const answers = await sandbox.run(new Array<ScriptJob>(200).fill(job(body('for (;;);'))), {
      ...rule,
      budget_ms: 900,
    });
    const skipped = { skipped: 'not run: the 900 ms for all completions of a step were over' };
    expect(answers).toHaveLength(200);
    expect(answers[199]).toEqual(skipped);
    for (const answer of answers) if ('problem' in answer) expect(answer.problem).toMatch(slow);
    expect(await sandbox.run([job(body('return 1'))], rule)).toEqual([{ score: 1 }]);
  });
});
