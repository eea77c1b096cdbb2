/** What stands in the sandbox before any script of a person or a model: it keeps the built-ins it needs, so that no script can change them. */

/** Longest `why` a script may give, in UTF-16 units; the rest is cut. */
export const longestWhy = 500;
/** Most spans a script may give. */
export const mostSpans = 64;

/**
 * An expression that gives the functions of the harness. Math.random throws until `seedRandom`, as does Date: the same completion must
 * get the same score tomorrow.
 */
export const harnessSource = `(() => {
'use strict';
const { parse, stringify } = JSON;
const { isFinite, isInteger } = Number;
const { isArray } = Array;
const { keys, hasOwn, defineProperty, freeze } = Object;
const { imul } = Math;
const BuiltInError = Error;
const slice = Function.prototype.call.bind(String.prototype.slice);
const whole = globalThis;

const hide = (name, sentence) => {
  const refuse = function () { throw new BuiltInError(sentence); };
  defineProperty(refuse, 'now', { value: refuse });
  defineProperty(whole, name, { value: refuse, writable: true, configurable: true });
};
hide('Date', 'there is no clock in the sandbox');
Math.random = () => { throw new BuiltInError('Math.random needs a seed in the rule'); };

// Mulberry32: 32 bits of state, enough for a script's draws.
const seedRandom = (seed) => {
  let state = seed;
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

const shorten = (text, longest) => stringify(slice(text, 0, longest));
const problem = (text) => '{"problem":' + stringify(text) + '}';

const kind = (value) => {
  if (value === null) return 'null';
  if (isArray(value)) return 'a list';
  if (typeof value === 'undefined') return 'nothing';
  return (typeof value === 'object' ? 'an ' : 'a ') + typeof value;
};

const describe = (result, length) => {
  if (result === null) return '{"score":null}';
  if (typeof result === 'number') return isFinite(result) ? '{"score":' + result + '}' : problem('returned ' + result);
  if (typeof result !== 'object' || isArray(result)) return problem('returned ' + kind(result));
  const { score, why, spans, then } = result;
  if (typeof then === 'function') return problem('returned a promise; it must not be async');
  if (score !== null && typeof score !== 'number') return problem('returned an object whose score is ' + kind(score));
  if (score !== null && !isFinite(score)) return problem('returned an object whose score is ' + score);
  let text = '{"score":' + score;
  if (why !== undefined) {
    if (typeof why !== 'string') return problem('returned an object whose why is ' + kind(why));
    text += ',"why":' + shorten(why, ${longestWhy});
  }
  if (spans !== undefined) {
    if (!isArray(spans)) return problem('returned an object whose spans are ' + kind(spans));
    const count = spans.length;
    if (count > ${mostSpans}) return problem('returned more than ${mostSpans} spans');
    text += ',"spans":[';
    for (let index = 0; index < count; index++) {
      const span = spans[index];
      if (typeof span !== 'object' || span === null) return problem('returned a span that is ' + kind(span));
      const { start, end } = span;
      if (!isInteger(start) || !isInteger(end) || start < 0 || end < start || end > length)
        return problem('returned a span that does not lie in the completion');
      text += (index > 0 ? ',' : '') + '{"start":' + start + ',"end":' + end + '}';
    }
    text += ']';
  }
  return text + '}';
};

const callScore = (score, inputText) => {
  const input = parse(inputText);
  const length = input.completion.length;
  return describe(score(input), length);
};

// Equal as JSON values are: numbers, strings and null by value, lists and objects by their parts.
const same = (actual, expected) => {
  if (actual === expected) return true;
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return false;
  if (isArray(actual) !== isArray(expected)) return false;
  if (isArray(expected)) {
    if (actual.length !== expected.length) return false;
    for (let index = 0; index < expected.length; index++) if (!same(actual[index], expected[index])) return false;
    return true;
  }
  const names = keys(expected);
  if (keys(actual).length !== names.length) return false;
  for (let index = 0; index < names.length; index++)
    if (!hasOwn(actual, names[index]) || !same(actual[names[index]], expected[names[index]])) return false;
  return true;
};

const show = (value) => {
  if (typeof value === 'string') return shorten(value, 60);
  if (typeof value === 'object' && value !== null) {
    const text = stringify(value);
    return typeof text === 'string' ? slice(text, 0, 60) : kind(value);
  }
  return typeof value === 'function' || typeof value === 'symbol' ? kind(value) : '' + value;
};

// '' when equal, else what it was.
const differs = (actual, expectedText) => (same(actual, parse(expectedText)) ? '' : 'it gave ' + show(actual));
const untrue = (actual) => (actual ? '' : 'it gave ' + show(actual));

const assert = (value, message) => {
  if (!value) throw new BuiltInError(typeof message === 'string' ? message : 'assert failed');
};
const assertSame = (actual, expected) => {
  if (!same(actual, expected)) throw new BuiltInError('got ' + show(actual) + ' in place of ' + show(expected));
};
for (const name of ['equal', 'strictEqual', 'deepEqual', 'deepStrictEqual']) assert[name] = assertSame;
assert.ok = assert;
freeze(assert);
const callTest = (test) => test(assert);

const quiet = () => undefined;
const welcomeCode = () => {
  whole.console = { log: quiet, info: quiet, warn: quiet, error: quiet, debug: quiet };
  whole.module = { exports: {} };
  whole.exports = whole.module.exports;
};

const describeError = (error) => {
  if (typeof error !== 'object' || error === null) return stringify(show(error));
  const { name, message, stack } = error;
  const part = (value) => (typeof value === 'string' ? slice(value, 0, 300) : '');
  return stringify(part(name) + ': ' + part(message)) + '\\n' + (typeof stack === 'string' ? slice(stack, 0, 2000) : '');
};

return { seedRandom, callScore, describeError, differs, untrue, callTest, welcomeCode };
})()`;
