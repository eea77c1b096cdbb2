import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { datasetMappingSchema, importOptionsSchema } from '../../contract/dataset-mapping.ts';
import { RowFileReader } from '../../datasets/row-file.ts';
import type { ImportedFiles, ThreadMessage, ThreadTask } from './thread-tasks.ts';

const rows = 220_000;
const heapMb = 144;

test('a file larger than the memory is imported row by row', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dataset-thread-'));
  try {
    const path = join(folder, 'large.jsonl');
    const filler = 'x'.repeat(700);
    for (let i = 0; i < rows; i += 1000) {
      const lines = Array.from(
        { length: 1000 },
        (_, j) => `{"question":"What is ${i + j} + 1?","answer":"${i + j + 1}","notes":"${filler}"}\n`,
      );
      await appendFile(path, lines.join(''));
    }

    const task: ThreadTask<'import'> = {
      name: 'import',
      input: {
        path,
        evalPath: null,
        mapping: datasetMappingSchema.parse({
          prompt: { kind: 'column', column: 'question', form: 'conversation' },
          roles: { answer: 'answer' },
        }),
        options: importOptionsSchema.parse({ evalShare: 0.05 }),
        folder,
      },
    };
    const worker = new Worker(new URL('./dataset-thread.ts', import.meta.url), {
      execArgv: [],
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    const shares: number[] = [];
    const { report, train } = await new Promise<ImportedFiles>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message: ThreadMessage) => {
        if (message.kind === 'progress') shares.push(message.share);
        else if (message.kind === 'result') resolve(message.result as ImportedFiles);
        else reject(new Error(message.error.message));
      });
    });
    await worker.terminate();

    expect(report).toMatchObject({ read: rows, duplicates: 0, faulty: 0 });
    expect(report.train + report.eval).toBe(rows);
    expect(train.bytes).toBeGreaterThan(heapMb * 2 ** 20);
    expect(shares.length).toBeGreaterThan(40);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);

    const reader = await RowFileReader.open(join(folder, 'train.jsonl'));
    const all = await reader.lines(0, 200);
    expect(await reader.lines(130, 133)).toEqual(all.slice(130, 133));
    expect(await reader.lines(report.train - 1, report.train + 50)).toHaveLength(1);
    expect(await reader.lines(report.train + 500, report.train + 600)).toEqual([]);
    await reader.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
