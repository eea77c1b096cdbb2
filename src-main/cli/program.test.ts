import { describe, expect, test } from 'vitest';
import { at, run } from './fixtures/workspace.ts';

describe('usage', () => {
  test('every command has a description, options and an example in its help', async () => {
    for (const words of [
      ['train'],
      ['sft'],
      ['eval'],
      ['sample'],
      ['runs', 'list'],
      ['runs', 'show'],
      ['doctor'],
      ['demo'],
    ]) {
      const { status, stdout } = await run(...words, '--help');
      expect(status).toBe(0);
      expect(stdout).toContain(`Usage: grpo-studio ${words.join(' ')}`);
      expect(stdout).toMatch(/Examples:\n {2}(grpo-studio|npm run)/);
    }
  });

  test('an unknown command or option exits with 2 and suggests the right one', async () => {
    expect(await run('trian')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('(Did you mean train?)') as string,
    });
    expect(await run('train', '--sed', '1')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('(Did you mean one of --seed, --set?)') as string,
    });
    expect((await run('train', at('train.yaml'), '--backend', 'gpu')).status).toBe(2);
  });
});
