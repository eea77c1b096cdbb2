/** Runs whose rules fail: a judge that dies, stalls and answers rubbish, and scripts that attack what runs them. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { EngineEvent } from '../contract/engine.ts';
import { grpo, rewards, train } from './fixtures/training.ts';
import { probe } from './tensor/native-backend.ts';

const { available, why } = await probe();
const small = { num_iterations: 1, gradient_accumulation_steps: 1, save_steps: 0, beta: 0 };
const warningsOf = (events: EngineEvent[]) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

describe.skipIf(!available)(`a run whose rules fail${available ? '' : ` (${why})`}`, () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = null;
  });

  /** Starts a judge on this computer that answers as `answer` does. */
  async function judge(answer: (response: ServerResponse) => void) {
    const started = createServer((request, response) => {
      request.resume();
      request.on('end', () => answer(response));
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    const { port } = started.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/v1`;
    const settings = { timeout_ms: 5000, give_up_after: 2, retries: 0, cache: false };
    return { name: 'judge', type: 'judge', model: 'm', url, weight: 0.5, ...settings };
  }

  const say = (response: ServerResponse, content: string) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }));
  };

  test('goes on while its judge answers, stalls, answers rubbish and is gone', async () => {
    let step = 0;
    const rule = await judge((response) => {
      if (step === 1) say(response, '7');
      if (step === 3) say(response, 'I would rather not say.');
      // In step 2 nothing is said.
    });
    const { events, steps } = await train(grpo({ ...small, rewards: [...rewards, rule], max_steps: 4 }), {
      onEvent(event) {
        if (event.type === 'phase' && event.phase === 'sampling') step = event.step;
        if (step === 4) {
          server?.closeAllConnections();
          server?.close();
        }
      },
    });
    expect(events.at(-1)).toEqual({ type: 'finished', step: 4, reason: 'completed' });
    const scores = steps.map(({ groups }) =>
      groups.flatMap(({ completions }) => completions.map(({ scores }) => scores[2].score)),
    );
    expect(scores).toEqual([Array(6).fill(0.7), Array(6).fill(null), Array(6).fill(null), Array(6).fill(null)]);
    expect(steps.every(({ metrics }) => metrics['rewards/format/mean'] !== undefined)).toBe(true);
    const [first, last] = warningsOf(events).filter((message) => message.startsWith('rule judge: '));
    expect(first).toMatch(/^rule judge: 6 of 6 completions could not be scored: .*5000 ms/);
    expect(last).toMatch(/^rule judge: 12 of 12 completions could not be scored: /);
  });

  test('stops after its step when the command comes while the judge stalls', async () => {
    let stop = (): void => undefined;
    const rule = await judge(() => stop());
    const { events } = await train(grpo({ ...small, rewards: [...rewards, rule] }), {
      onEvent(_event, commands) {
        stop = () => commands.push({ type: 'stop' });
      },
    });
    expect(events.at(-1)).toEqual({ type: 'finished', step: 1, reason: 'stopped' });
  });

  test('goes on while scripts loop, fill the memory, throw and return what is no score', async () => {
    const bodies = {
      loop: 'for (;;);',
      eater: 'return "x".repeat(1e9).length;',
      depth: 'return score(input);',
      throws: 'throw new Error("no");',
      number: 'return NaN;',
      text: 'return "1";',
      later: 'return Promise.resolve(1);',
      regex: 'return /^(a+)+$/.test("a".repeat(50) + "b") ? 1 : 0;',
      polluter: 'Object.prototype.score = 1; Array.prototype.push = null; throw Object.create(null);',
    };
    const scripts = Object.entries(bodies).map(([name, body]) => ({
      name,
      type: 'javascript',
      source: `function score(input) { ${body} }`,
      timeout_ms: 30,
      memory_mb: 16,
    }));
    const { events, steps } = await train(grpo({ ...small, rewards: [...rewards, ...scripts], max_steps: 2 }));
    expect(events.at(-1)).toEqual({ type: 'finished', step: 2, reason: 'completed' });
    for (const completion of steps.flatMap(({ groups }) => groups.flatMap(({ completions }) => completions))) {
      const [accuracy, format, ...hostile] = completion.scores;
      expect(completion.reward).toBe(accuracy.score! + 0.2 * format.score!);
      expect(hostile.map(({ score }) => score)).toEqual(scripts.map(() => null));
    }
    for (const { name } of scripts) {
      const told = warningsOf(events).filter((message) => message.startsWith(`rule ${name}: 6 of 6 completions`));
      expect(told, name).toHaveLength(2); // after the first step, and what was left at the end
    }
  });
});
