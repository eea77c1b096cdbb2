/**
 * Writes the addition datasets: problems to train on and held-out ones (resources/datasets/addition), and the demonstrations the
 * starter learns from (demonstrations.jsonl, not committed).
 *
 * The demonstrations add column by column, units first, but like a careless pupil they forget most carries. The starter copies
 * that, so it is right where nothing is carried and now and then elsewhere: enough successes for GRPO to find what pays.
 */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../../src-main/grpo/random.ts';

const REMEMBERS_CARRY = 0.4;
const DEMONSTRATIONS = 30_000;
const TRAIN = 2048;
const EVAL = 256;

interface Problem {
  a: number;
  b: number;
}

const random = RandomStream.of(20261122, 'addition');
const below = (n: number): number => Math.floor(random.nextFloat() * n);
const digits = (n: number): number[] => Array.from(String(n), Number).reverse(); // units first

function problem(): Problem {
  const size = below(2) === 0 ? 100 : 1000;
  const number = () => size / 10 + below(size - size / 10);
  return { a: number(), b: number() };
}

/** Problems none of which is in `taken`; adds them there. */
function fresh(count: number, taken: Set<string>): Problem[] {
  const problems: Problem[] = [];
  while (problems.length < count) {
    const next = problem();
    const key = `${next.a}+${next.b}`;
    if (taken.has(key)) continue;
    taken.add(key);
    problems.push(next);
  }
  return problems;
}

/** Column addition as text; forgets each carry with the given probability. */
function demonstration({ a, b }: Problem): string {
  const other = digits(b);
  let carry = 0;
  let result = '';
  const columns = digits(a).map((digit, i, all) => {
    const sum = digit + other[i] + carry;
    const column = `${digit}+${other[i]}${carry ? '+1' : ''}=${sum}`;
    result = (i === all.length - 1 ? String(sum) : String(sum % 10)) + result;
    carry = sum > 9 && random.nextFloat() < REMEMBERS_CARRY ? 1 : 0;
    return column;
  });
  return `<think>${columns.join(',')}</think><answer>${Number(result)}</answer>`;
}

const prompt = ({ a, b }: Problem) => [{ role: 'user', content: `What is ${a} + ${b}?` }];

function write(path: string, rows: Iterable<object>): void {
  const stream = createWriteStream(path);
  for (const row of rows) stream.write(`${JSON.stringify(row)}\n`);
  stream.end();
}

const datasets = join(import.meta.dirname, '..', 'datasets', 'addition');
mkdirSync(datasets, { recursive: true });
const taken = new Set<string>();
const question = (problem: Problem) => ({ prompt: prompt(problem), answer: String(problem.a + problem.b) });
write(join(datasets, 'eval.jsonl'), fresh(EVAL, taken).map(question));
write(join(datasets, 'train.jsonl'), fresh(TRAIN, taken).map(question));
write(
  join(import.meta.dirname, 'demonstrations.jsonl'),
  fresh(DEMONSTRATIONS, new Set(taken)).map((problem) => ({
    prompt: prompt(problem),
    completion: demonstration(problem),
  })),
);
