/** Trials with the starter, which stands for two policies under two paths. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { TrialCommand, TrialEvent } from '../contract/playground.ts';
import { openPolicy } from './session.ts';
import { Trials } from './trial.ts';

const starter = join(import.meta.dirname, '../../resources/models/starter');
const temporary = mkdtempSync(join(tmpdir(), 'trial-'));
const twin = join(temporary, 'twin');
symlinkSync(starter, twin, 'junction');
afterAll(() => rmSync(temporary, { recursive: true }));

const prompt = [{ role: 'user', content: 'What is 12 + 30?' }];
const sampling = {
  max_completion_length: 24,
  min_completion_length: 0,
  temperature: 3,
  top_k: 0,
  top_p: 1,
  min_p: 0,
  repetition_penalty: 1,
  stop: [],
  greedy: false,
  num_generations: 3,
  seed: 4,
};

/** Runs trials to the end of the last one. */
function run(commands: TrialCommand[], react: (event: TrialEvent, trials: Trials) => void = () => undefined) {
  const { promise, resolve } = Promise.withResolvers<TrialEvent[]>();
  const events: TrialEvent[] = [];
  const trials: Trials = new Trials((event) => {
    events.push(event);
    react(event, trials);
    if (event.type === 'ended' && event.trial === commands.length) resolve(events);
  });
  for (const command of commands) trials.receive(command);
  return promise;
}

const sample = (trial: number, ...policies: string[]): TrialCommand => ({
  type: 'sample',
  trial,
  policies,
  prompt,
  sampling,
});

function completionsOf(events: readonly TrialEvent[], policy: number) {
  const own = events.filter((event) => event.type === 'completion' && event.policy === policy);
  return own.sort((a, b) => ('place' in a && 'place' in b ? a.place - b.place : 0));
}

test('policies answer side by side what they would answer alone, and what they write is told before', async () => {
  const events = await run([sample(1, starter, twin)]);
  const alone = await openPolicy(starter, 'auto');
  const [group] = await alone.sample([prompt], sampling);
  alone.dispose();
  expect(new Set(group.completions.map(({ text }) => text)).size).toBeGreaterThan(1);
  for (const policy of [0, 1]) {
    expect(completionsOf(events, policy)).toMatchObject(
      group.completions.map((completion, place) => ({ ...completion, place })),
    );
    const grown = events.flatMap((event) =>
      event.type === 'grown' && event.policy === policy ? event.completions : [],
    );
    for (const [place, { text }] of group.completions.entries()) {
      const told = grown.filter((part) => part.place === place).map((part) => part.text);
      expect(told.join('')).not.toBe('');
      expect(text.startsWith(told.join(''))).toBe(true);
    }
  }
  const types = events.map(({ type }) => type);
  expect(types.lastIndexOf('sampling')).toBeLessThan(types.indexOf('completion'));
  expect(events.at(-1)).toEqual({ type: 'ended', trial: 1, cancelled: false });
});

test('a cancelled trial ends where it is, also while it waits', async () => {
  const events = await run([sample(1, starter), sample(2, starter)], (event, trials) => {
    if (event.type !== 'sampling') return;
    trials.receive({ type: 'cancel', trial: 1 });
    trials.receive({ type: 'cancel', trial: 2 });
  });
  expect(events.filter(({ type }) => type === 'completion')).toEqual([]);
  expect(events.filter(({ type }) => type === 'ended')).toEqual([
    { type: 'ended', trial: 1, cancelled: true },
    { type: 'ended', trial: 2, cancelled: true },
  ]);
});

test('a policy that cannot answer says why, and the other answers', async () => {
  const events = await run([sample(1, join(temporary, 'none'), starter)]);
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'unable',
      policy: 0,
      error: expect.objectContaining({ message: expect.any(String) }),
    }),
  );
  expect(completionsOf(events, 1)).toHaveLength(3);
});

test('a prompt that does not fit is a sentence, not the end of the process', async () => {
  const long = { ...sample(1, starter), sampling: { ...sampling, max_completion_length: 100_000 } } as TrialCommand;
  const events = await run([long]);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'unable', error: expect.objectContaining({ code: 'config_invalid' }) }),
  );
});
