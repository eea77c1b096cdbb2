/** `npm run -s bench:growth`: how the cost of a step grows with the group, the lengths, the model and the database; draws docs/growth.svg. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCurves } from './growth/curves.ts';
import { measureDatabases } from './growth/database.ts';
import { drawGrowth, type Growth } from './growth/picture.ts';
import { measureWriter } from './growth/writer.ts';

const usage = `Usage: npm run -s bench:growth -- [--only curves|writer|database] [--completions N] [--folder FOLDER]
  --only         measures one part; without it curves and writer, five minutes on two cores
                   curves    a step's time against group, lengths and model
                   writer    what reporting and writing a step costs the engine, at sizes S and M
                   database  writing and reading in databases of 1,000 to ten million completions: a quarter of an hour
  --completions  of the largest database (10000000: 20 GB of disk with the smaller ones)
  --folder       where the databases are made, and stay for the next time. Without it they are made in the folder for temporary
                 files, and deleted
The figures are kept in docs/growth.json, the pictures in docs/growth.svg and docs/growth-database.svg: all are drawn anew from all figures.`;

const parts = ['curves', 'writer', 'database'] as const;
const docs = join(import.meta.dirname, '../docs');
const figures = join(docs, 'growth.json');

function readFigures(): Partial<Growth> {
  return existsSync(figures) ? (JSON.parse(readFileSync(figures, 'utf8')) as Partial<Growth>) : {};
}

function keep(part: Partial<Growth>): void {
  const growth = { ...readFigures(), ...part };
  writeFileSync(figures, JSON.stringify(growth, null, 2) + '\n');
  for (const [name, picture] of Object.entries(drawGrowth(growth))) writeFileSync(join(docs, name), picture);
}

async function databaseTimes(largest: number, given: string | undefined): Promise<void> {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'grpo-growth-'));
  const sizes = [1e3, 1e4, 1e5, 1e6, 1e7].filter((completions) => completions <= largest);
  try {
    const database = await measureDatabases(folder, sizes);
    for (const { completions, bytes, times } of database) {
      console.log(`${completions.toLocaleString('en')} completions, ${(bytes / 1e9).toFixed(2)} GB`);
      for (const [what, time] of Object.entries(times)) console.log(`  ${time.toFixed(1).padStart(8)} ms  ${what}`);
    }
    keep({ database });
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true });
  }
}

async function writerShares(): Promise<void> {
  const writer = { S: await measureWriter('S', 40), M: await measureWriter('M', 4) };
  for (const [size, { step, silent, sending, writing }] of Object.entries(writer)) {
    const share = (part: number) => `${((100 * part) / step).toFixed(2)} %`;
    console.log(
      `${size}: a step ${step.toFixed(3)} s, of which the engine hands over what it reports ${share(sending)}; the host writes it ` +
        `${(1000 * writing).toFixed(1)} ms meanwhile (${share(writing)}); with a host that writes nothing ${silent.toFixed(3)} s`,
    );
  }
  keep({ writer });
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    completions: { type: 'string', default: '10000000' },
    folder: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const only = parts.find((part) => part === values.only);
if (values.help || (values.only !== undefined && only === undefined) || !(Number(values.completions) >= 1000)) {
  console.error(usage);
  process.exitCode = 2;
} else {
  if (only === undefined || only === 'curves')
    keep({ processor: cpus()[0].model, curves: await measureCurves(console.log) });
  if (only === undefined || only === 'writer') await writerShares();
  if (only === 'database') await databaseTimes(Number(values.completions), values.folder);
}
