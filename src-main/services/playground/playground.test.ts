/** Sessions of the playground over a double of the engine process. */
import { expect, test } from 'vitest';
import { endpointInputs, type CheckedInput } from '../../contract/api.ts';
import type { PlaygroundActivity } from '../../contract/api/playground.ts';
import type { TrialCommand, TrialEvent } from '../../contract/playground.ts';
import type { EngineExit } from '../../runs/engine-launcher.ts';
import { openStore } from '../../store/open.ts';
import { bundled } from '../bundled.ts';
import type { StudioContext } from '../studio-context.ts';
import { Playground } from './playground.ts';

const arithmetic = { prompt: 'What is 1 + 1?', rewards: 'arithmetic', columns: { answer: '2' } };

const nothing = () => undefined;

function openPlayground() {
  const sent: TrialCommand[] = [];
  const told: PlaygroundActivity[] = [];
  const engine = {
    launched: 0,
    killed: 0,
    tell: nothing as (event: TrialEvent) => void,
    exit: nothing as (exit: EngineExit) => void,
  };
  const launchEngine = (onEvent: (event: TrialEvent) => void, onExit: (exit: EngineExit) => void) => {
    engine.launched++;
    engine.tell = onEvent;
    engine.exit = onExit;
    return { send: (command: TrialCommand) => void sent.push(command), kill: () => void engine.killed++ };
  };
  const context = {
    dataDirectory: '/none',
    store: openStore(':memory:'),
    models: { folderOf: (path: string) => Promise.resolve(path) },
    launchEngine,
  } as unknown as StudioContext;
  const playground = new Playground(context, (activity) => told.push(activity));
  const begin = (input: unknown) =>
    playground.begin(endpointInputs['sample-playground'].parse(input) as CheckedInput<'sample-playground'>);
  return { playground, begin, sent, told, engine };
}

const starter = { kind: 'model', model: 'Starter' };

const completion = (place: number, text: string): TrialEvent => ({
  type: 'completion',
  trial: 1,
  policy: 0,
  place,
  text,
  tokens: Int32Array.of(5, 6),
  logps: Float32Array.of(-1, -0.5),
  finishReason: 'eos',
});

test('a session passes on what the engine writes, and scores each completion when it is whole', async () => {
  const { begin, sent, told, engine } = openPlayground();
  const { session, rules } = await begin({ ...arithmetic, policies: [starter], sampling: { temperature: 0, seed: 7 } });
  expect(rules).toEqual(['accuracy', 'format']);
  expect(sent).toMatchObject([
    {
      type: 'sample',
      trial: 1,
      policies: [bundled.models[0].path],
      sampling: { greedy: true, temperature: 1, seed: 7 },
    },
  ]);
  engine.tell({ type: 'sampling', trial: 1, policy: 0, prompt: 'p', promptTokens: 1, device: 'here' });
  engine.tell({ type: 'grown', trial: 1, policy: 0, completions: [{ place: 1, text: 'a', tokens: 1 }] });
  engine.tell(completion(1, '<think>x</think><answer>2</answer>'));
  await expect.poll(() => told.at(-1)?.type).toBe('scored');
  expect(told.at(-1)).toMatchObject({
    session,
    policy: 0,
    place: 1,
    reward: 1.2,
    scores: [{ score: 1 }, { score: 1 }],
  });
  expect(told.at(-2)).toMatchObject({ type: 'completion', tokens: 2, logp: -1.5, finishReason: 'eos' });
  engine.tell({ type: 'answered', trial: 1, policy: 0 });
  engine.tell({ type: 'ended', trial: 1, cancelled: false });
  await expect.poll(() => told.at(-1)).toEqual({ session, type: 'ended', cancelled: false });
  expect(told.map(({ type }) => type)).toContain('answered');
});

test('what cannot be tried is said before anything is sampled', async () => {
  const { begin, engine } = openPlayground();
  const policies = [starter];
  await expect(begin({ policies, prompt: ' ' })).rejects.toThrow('prompt is empty');
  await expect(begin({ prompt: 'a', policies: [starter, starter] })).rejects.toThrow('chosen twice');
  await expect(begin({ prompt: 'a', policies, rewards: 'arithmetik' })).rejects.toThrow('Did you mean arithmetic?');
  const unknown = { kind: 'model', model: '/no/such' };
  await expect(begin({ prompt: 'a', policies: [unknown] })).rejects.toMatchObject({ code: 'model_invalid' });
  const gone = { kind: 'checkpoint', run: 'none' };
  await expect(begin({ prompt: 'a', policies: [gone] })).rejects.toMatchObject({ code: 'run_not_found' });
  expect(engine.launched).toBe(0);
});

test('a crash ends the session with the reason, and the next one has a new process', async () => {
  const { playground, begin, sent, told, engine } = openPlayground();
  await begin({ prompt: 'a', policies: [starter] });
  engine.exit({ code: null, signal: 'SIGKILL', output: [] });
  expect(told).toMatchObject([
    { type: 'unable', policy: 0, error: { code: 'engine_crashed', message: expect.stringContaining('SIGKILL') } },
    { type: 'ended', cancelled: false },
  ]);
  const { session } = await begin({ prompt: 'a', policies: [starter] });
  expect(engine.launched).toBe(2);
  playground.cancel(session);
  expect(sent.at(-1)).toEqual({ type: 'cancel', trial: 2 });
  playground.close();
  expect(engine.killed).toBe(1);
});
