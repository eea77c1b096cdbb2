/** Runs the cases of a folder of golden data and tells what each of them found. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Mismatch } from './compare.ts';
import type { GoldenCase, Suite } from './suite.ts';
import { advantages } from './suites/advantages.ts';
import { grpoLoss } from './suites/grpo-loss.ts';
import { grpoUpdates } from './suites/grpo-updates.ts';
import { logps } from './suites/logps.ts';
import { models } from './suites/models.ts';
import { optimizer } from './suites/optimizer.ts';
import { rewards } from './suites/rewards.ts';
import { sampling } from './suites/sampling.ts';
import { tokenizers } from './suites/tokenizers.ts';

const suites: Suite[] = [grpoLoss, advantages, logps, sampling, optimizer, rewards, models, grpoUpdates, tokenizers];

/** What a golden folder holds besides its files of cases. */
const companions = new Set(['README.md', 'models', 'tokenizers']);

/** A mistake in what the runner was asked to do, in a sentence for the one who asked. */
export class UsageError extends Error {}

/**
 * @param only names of files (with or without `.json`) or of cases to run; all when null
 * @param print takes each line of the report
 * @throws UsageError when the folder cannot be read, holds no golden data, or has nothing of a name in `only`
 */
export async function runFolder(
  folder: string,
  only: readonly string[] | null,
  print: (line: string) => void,
): Promise<{ passed: number; failed: number }> {
  const entries = await readdir(folder).catch((error: unknown) => {
    throw new UsageError(`Cannot read the folder ${folder}: ${(error as Error).message}.`);
  });
  const known = suites.filter(({ name }) => entries.includes(`${name}.json`));
  if (known.length === 0) {
    throw new UsageError(
      `${folder} holds no golden data: none of ${suites.map(({ name }) => name).join(', ')} (.json) is there.`,
    );
  }
  const files = known.map(({ name }) => `${name}.json`);
  for (const entry of entries) {
    if (!files.includes(entry) && !companions.has(entry)) print(`unknown file: ${entry}`);
  }

  const chosen = await chooseCases(known, folder, only);
  const count = { passed: 0, failed: 0 };
  for (const { file, name, run } of chosen) {
    const failure = await attempt(run);
    if (failure === null) count.passed++;
    else {
      count.failed++;
      print(`FAIL ${file}: ${name}: ${failure}`);
    }
  }
  return count;
}

interface ChosenCase extends GoldenCase {
  file: string;
}

async function chooseCases(known: Suite[], folder: string, only: readonly string[] | null): Promise<ChosenCase[]> {
  const cases: ChosenCase[] = [];
  for (const suite of known) {
    const file = `${suite.name}.json`;
    for (const { name, run } of await readCases(suite, folder)) cases.push({ file, name, run });
  }
  if (only === null) return cases;
  const called = ({ file, name }: ChosenCase) => [file, file.replace('.json', ''), name];
  for (const name of only) {
    if (!cases.some((candidate) => called(candidate).includes(name))) {
      throw new UsageError(`No file and no case of ${folder} is named "${name}".`);
    }
  }
  return cases.filter((candidate) => called(candidate).some((name) => only.includes(name)));
}

/** A file that cannot be read is one case that fails and says why. */
async function readCases(suite: Suite, folder: string): Promise<GoldenCase[]> {
  const path = join(folder, `${suite.name}.json`);
  try {
    const cases = suite.cases(JSON.parse(await readFile(path, 'utf8')), folder);
    if (cases.length === 0) throw new Error('it holds no case');
    return cases;
  } catch (error) {
    const fail = () => {
      throw new Error(`${path} is no golden file of its kind: ${describe(error)}`);
    };
    return [{ name: 'the whole file', run: fail }];
  }
}

/** @returns what is wrong, null when the case passes */
async function attempt(run: GoldenCase['run']): Promise<string | null> {
  let mismatches: Mismatch[];
  try {
    mismatches = (await run()).filter((mismatch) => mismatch !== null);
  } catch (error) {
    return describe(error);
  }
  if (mismatches.length === 0) return null;
  const [{ quantity, expected, got, worst }, ...others] = mismatches;
  const also = others.length === 0 ? '' : `; also wrong: ${others.map(({ quantity }) => quantity).join(', ')}`;
  return `${quantity}: expected ${expected}, got ${got}; worst element: ${worst}${also}`;
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
