import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { at, exitUnread, jsonLines, result, run, runProcess } from '../fixtures/workspace.ts';

describe('train', () => {
  test('prints held-out accuracy before and after, and a plain line for every step', async () => {
    const { status, stdout, stderr } = await run('train', at('train.yaml'));
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const text = stdout
      .replace(/20\d{6}-\d{4}(-[0-9a-f]{4})?/g, 'ID')
      .replaceAll(at('.'), '')
      .replace(/ in \d+:\d\d/, '')
      .replace(/ETA .*/g, 'ETA');
    expect(text.trim().split('\n')).toEqual([
      'Run ID (grpo-ID): GRPO on /model, 3 steps of 8 prompts × 8 completions',
      '1,052,672 parameters on backend cpu (made up).',
      'warning: This engine is made up.',
      'Held-out accuracy before training: 25.0% (reward 0.250)',
      'step 1/3  reward 0.333  accuracy 33.3%  KL 0.010  entropy 1.500  tokens/s 800  ETA',
      'step 2/3  reward 0.667  accuracy 66.7%  KL 0.010  entropy 1.500  tokens/s 800  ETA',
      'step 3/3  reward 1.000  accuracy 100.0%  KL 0.010  entropy 1.500  tokens/s 800  ETA',
      'Held-out accuracy after 3 steps: 75.0% (reward 0.750)',
      'Completed 3 steps. Held-out accuracy: 25.0% before, 75.0% after.',
      'Database: /home/studio.sqlite',
      'Look closer: grpo-studio runs show ID',
    ]);
  });

  test('--json prints an event a line and ends with the result', async () => {
    const { status, stdout } = await run('train', at('train.yaml'), '--json', '--seed', '9', '--set', 'max_steps=2');
    expect(status).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines.map(({ event }) => event)).toEqual([
      'run',
      'started',
      'warning',
      'evaluation',
      'phase',
      'step',
      'phase',
      'step',
      'checkpoint',
      'evaluation',
      'finished',
      'result',
    ]);
    const last = lines.at(-1)!;
    expect(last).toMatchObject({
      run_id: lines[0]!['run_id'],
      status: 'completed',
      steps: 2,
      eval_before: 0.25,
      eval_after: 0.75,
      error: null,
    });
    expect(last['seconds']).toBeGreaterThan(0);
    expect(await result('runs', 'show', String(last['run_id']))).toMatchObject({
      run: { run: { config: { seed: 9, max_steps: 2 } } },
    });
  });

  test('Ctrl-C saves and says how to resume, and the run resumes', async () => {
    const words = ['train', at('train.yaml'), '--name', 'endless', '--set', 'max_steps=2000'];
    const { status, stdout } = await runProcess(words, ['step 20/']);
    expect(stdout).toContain('Stopping after this step, then saving. Press Ctrl-C again to end at once.');
    expect(status).toBe(130);
    const stopped = Number(/Stopped after step (\d+) and saved\./.exec(stdout)![1]);
    expect(stopped).toBeGreaterThanOrEqual(20);

    const [, id] = /Resume it with: grpo-studio train --resume (\S+)/.exec(stdout)!;
    const resumed = await runProcess(['train', '--resume', id, '--json'], ['"event":"step"']);
    const lines = jsonLines(resumed.stdout);
    expect(lines.find(({ event }) => event === 'step')).toMatchObject({ step: stopped + 1 });
    expect(lines.at(-1)).toMatchObject({ event: 'result', run_id: id, status: 'stopped' });
  });

  test('a second Ctrl-C ends a run that does not stop', async () => {
    const words = ['train', at('train.yaml'), '--name', 'deaf', '--set', 'max_steps=2000'];
    const { status, stdout } = await runProcess(words, ['step 20/', 'Press Ctrl-C again']);
    expect(status).toBe(130);
    expect(stdout).toContain('Ended at once, ');
    expect((await run('runs', 'list')).stdout).toMatch(/ deaf +grpo +interrupted /);
  });

  test('without a reader a run is stopped and saved, and the exit code does not claim that it is done', async () => {
    const words = ['train', at('train.yaml'), '--name', 'endless', '--set', 'max_steps=2000'];
    expect(await exitUnread(words, 'step 20/')).toBe(130);
    const { stdout } = await run('runs', 'list');
    expect(/ endless +grpo +(\w+)/.exec(stdout)?.[1]).toBe('stopped');
    expect(await exitUnread(['train', at('train.yaml'), '--name', 'fails'], 'Run ')).toBe(1);
  });

  test('a failed run tells its error and exits with 1', async () => {
    const { status, stdout, stderr } = await run('train', at('train.yaml'), '--name', 'fails');
    expect(status).toBe(1);
    expect(stderr).toBe('error: The loss is not finite.\n');
    expect(stdout).toContain('The database has 0 steps of it. Resumed, it would fail in the same way; ');
    expect(await result('train', at('train.yaml'), '--name', 'fails')).toMatchObject({
      status: 'failed',
      error: { code: 'training_diverged' },
    });
  });

  test('commands to copy name the data folder that was given, and run through npx under npm', async () => {
    vi.stubEnv('npm_command', 'run-script');
    const { stdout } = await run('train', at('train.yaml'), '--data-dir', at('other'));
    vi.stubEnv('npm_command', '');
    expect(stdout).toMatch(/Look closer: npx grpo-studio runs show \S+ --data-dir ".*other"\n$/);
  });

  test('an engine that crashes is a failed run', async () => {
    const { stdout } = await run('train', at('train.yaml'), '--name', 'crashes');
    expect(stdout).toMatch(/The database has 0 steps of it\. Resume it with: grpo-studio train --resume /);
    const last = await result('train', at('train.yaml'), '--name', 'crashes');
    expect(last).toMatchObject({ status: 'failed', steps: 0, eval_before: null, error: { code: 'engine_crashed' } });
  });

  test('a wrong config names file and line, exits with 2 and makes no run', async () => {
    writeFileSync(at('wrong.yaml'), 'model: model\ndataset: train.jsonl\nrewads: []\nseed: -1\n');
    const runs = readdirSync(at('home/runs')).length;
    const { status, stderr } = await run('train', at('wrong.yaml'));
    expect(status).toBe(2);
    expect(stderr.split('\n')).toEqual([
      'error: `rewads` is not a setting of `grpo-studio train`. Did you mean `rewards`?',
      `  at ${at('wrong.yaml')}:3 (rewads)`,
      'error: `seed` must be at least 0, not -1.',
      `  at ${at('wrong.yaml')}:4 (seed)`,
      '',
    ]);
    expect(readdirSync(at('home/runs'))).toHaveLength(runs);
  });

  test('what the config points to must be there', async () => {
    const missing = await run('train', at('train.yaml'), '--set', `dataset=${at('none.jsonl')}`);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toBe(
      `error: \`dataset\` is ${at('none.jsonl')}, which does not exist.\n  at ${at('none.jsonl')} (dataset)\n`,
    );
    const noConfig = await run('train', at('none.yaml'));
    expect(noConfig).toMatchObject({ status: 2, stderr: expect.stringContaining('does not exist') as string });
  });

  test('a folder that is no model, and a rule that applies to no row, are refused before a run is made', async () => {
    const runs = readdirSync(at('home/runs')).length;
    const noModel = await run('train', at('train.yaml'), '--set', `model=${at('home')}`);
    expect(noModel).toMatchObject({ status: 1, stderr: expect.stringContaining('is no model folder') as string });
    const silent = await run('train', at('train.yaml'), '--set', 'rewards.0.column=anwser');
    expect(silent.status).toBe(1);
    expect(silent.stderr).toContain('The rule accuracy applies to no row of ');
    expect(silent.stderr).toContain('the row has no column "anwser"');
    expect(readdirSync(at('home/runs'))).toHaveLength(runs);
  });

  test('--resume takes no settings, and an unknown run is refused', async () => {
    expect(await run('train', at('train.yaml'), '--resume', 'x')).toMatchObject({
      status: 2,
      stderr: `error: --resume goes on with the run's own settings; leave out \`${at('train.yaml')}\`.\n`,
    });
    expect((await run('train', '--resume', 'x', '--seed', '2')).stderr).toContain('leave out `--seed 2`');
    const unknown = await run('train', '--resume', 'nothing-like-it');
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain('nothing-like-it');
    expect(await run('train')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Name a config file') as string,
    });
  });
});

test('sft makes a run of its own type', async () => {
  expect(await result('sft', at('sft.yaml'))).toMatchObject({ status: 'completed', steps: 2 });
  const noColumn = await run('sft', at('sft.yaml'), '--set', 'completion_column=text');
  expect(noColumn.status).toBe(1);
  expect(noColumn.stderr).toContain('examples.jsonl');
});
