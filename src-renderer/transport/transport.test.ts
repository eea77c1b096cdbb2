import { expect, test, vi } from 'vitest';
import { CallError, connect } from './transport.ts';

test('a call carries its endpoint and input and gives back the value', async () => {
  const call = vi.fn(async () => ({ ok: true, value: [] }));
  await expect(connect({ call }).call('list-runs', null)).resolves.toEqual([]);
  expect(call).toHaveBeenCalledWith('list-runs', null);
});

test('an error of the studio arrives with its record', async () => {
  const record = { code: 'store_failed', message: 'The database is locked.', path: '/data/studio.sqlite' } as const;
  const failing = connect({ call: async () => ({ ok: false, error: record }) });
  const error = await failing.call('list-runs', null).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CallError);
  expect((error as CallError).record).toEqual(record);
  expect((error as CallError).message).toBe('The database is locked.');
});

test('a page without a host says so', async () => {
  await expect(connect(undefined).call('list-runs', null)).rejects.toThrow('not connected to a studio');
});
