import { beforeAll, describe, expect, test } from 'vitest';
import { databasePath } from '../../services/data-directory.ts';
import { grpoRun, newRun, stepRecord } from '../../store/fixtures/records.ts';
import { openStore } from '../../store/open.ts';
import { at, jsonLines, run } from '../fixtures/workspace.ts';

beforeAll(() => {
  const store = openStore(databasePath(at('home')));
  const held = { evalDatasetHash: 'e'.repeat(64) };
  const add = (id: string, settings: Record<string, unknown>, right: number) => {
    store.writer.createRun(newRun(id, { name: `the ${id}`, run: grpoRun(settings), ...held }));
    store.writer.recordStep(id, stepRecord(1));
    const samples = Array.from({ length: 40 }, (_, row) => ({
      row,
      prompt: `Held-out ${row}?`,
      text: 'An answer',
      tokens: Int32Array.from([1]),
      finishReason: 'eos' as const,
      reward: row < right ? 1 : 0,
      scores: [{ rule: 'exact', score: row < right ? 1 : 0, why: '' }],
    }));
    store.writer.recordEvaluation(id, { step: 1, metrics: { accuracy: right / 40 }, samples });
  };
  add('first', {}, 10);
  add('second', { beta: 0 }, 30);
  store.close();
});

describe('compare', () => {
  test('final metrics, differing settings and the sentence', async () => {
    const { status, stdout } = await run('compare', 'first', 'the second');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^RUN {5}NAME {8}STEPS {2}reward {2}eval\/accuracy {2} *kl\nfirst {3}the first {7}1 {3}0\.100/,
    );
    expect(stdout).toMatch(/Settings that differ\n {2}SETTING {2}the first {2}the second\n {2}beta {5}0\.04 {7}0\n/);
    expect(stdout).toMatch(/the second is better than the first by 0\.50 \[0\.3\d, 0\.6\d\] on 40 prompts\.\n/);
    expect(stdout).toContain('better on 20, worse on 0, the same on 20');
  });

  test('chosen metrics, and everything in one line of JSON', async () => {
    const { stdout } = await run('compare', 'first', 'second', '--metric', 'kl');
    expect(stdout.split('\n')[0]).toBe('RUN     NAME        STEPS      kl');
    const [line, ...rest] = jsonLines((await run('compare', 'first', 'second', '--measure', 'exact', '--json')).stdout);
    expect(rest).toEqual([]);
    expect(line).toMatchObject({
      runs: [{ id: 'first', finals: { reward: 0.1 } }, { id: 'second' }],
      settings: [{ field: 'beta', values: ['0.04', '0'] }],
      evaluation: { measure: 'exact', pairs: [{ result: { wins: 20, difference: 0.5 } }] },
    });
  });

  test('one run, unknown runs, metrics and measures', async () => {
    expect((await run('compare', 'first')).stdout).toContain(
      'There is one evaluation only: nothing to compare it with.',
    );
    expect((await run('compare', 'first', 'frist')).stderr).toContain('There is no run frist. Did you mean first');
    expect(await run('compare', 'first', 'second', '--metric', 'rewrad')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        'None of these runs has a metric rewrad. Their metrics: eval/accuracy, kl, reward',
      ),
    });
    expect((await run('compare', 'first', 'second', '--measure', 'style')).stderr).toContain(
      'All of these runs are measured by: reward, exact, tagged; not by style.',
    );
  });
});
