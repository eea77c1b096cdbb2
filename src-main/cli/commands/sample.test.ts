import { expect, test } from 'vitest';
import { at, result, run } from '../fixtures/workspace.ts';

test('sample prints completions with the settings that were asked for', async () => {
  const { stdout, status } = await run(
    'sample',
    at('model'),
    '--prompt',
    'Hi',
    '-n',
    '2',
    '--temperature',
    '0.5',
    '--seed',
    '7',
    '--set',
    'max_completion_length=9',
  );
  expect(status).toBe(0);
  expect(stdout.split('\n')).toEqual([
    '"Hi"',
    '── 1 of 2: 2 tokens, ended by eos, log-prob -0.750',
    '0: T=0.5 seed=7 greedy=false length=9',
    '── 2 of 2: 2 tokens, ended by eos, log-prob -0.750',
    '1: T=0.5 seed=7 greedy=false length=9',
    '',
  ]);
  expect(await result('sample', at('model'), '--prompt', 'Hi', '--chat', '--greedy')).toMatchObject({
    prompt: '[{"role":"user","content":"Hi"}]',
    text: '0: T=1 seed=1 greedy=true length=256',
    tokens: [1, 2],
    logps: [-0.5, -0.25],
  });
  expect(await run('sample', at('model'), '--prompt', 'Hi', '--temperature', '0')).toMatchObject({
    status: 2,
    stderr: 'error: `temperature` must be greater than 0, not 0. (--temperature 0)\n',
  });
  expect(await run('sample', at('model'))).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("required option '--prompt <text>'") as string,
  });
});
