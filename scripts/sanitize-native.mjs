/**
 * Builds the C++ kernels with their test driver (src-main/engine/native/test) under AddressSanitizer with
 * UndefinedBehaviorSanitizer, then under ThreadSanitizer, and runs each on every instruction set. Needs g++ or clang, not Node's
 * headers: files that speak to JavaScript are left out.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../src-main/engine/native');
const compiler = process.env.CXX ?? 'c++';
const flags = [
  '-std=c++17',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-pthread',
];

const sources = [...cppFiles('src'), ...cppFiles('test')].filter(
  (file) => !/#include\s+("buffers\.h"|"\.\.\/buffers\.h"|<napi\.h>)/.test(readFileSync(file, 'utf8')),
);

for (const sanitizers of ['address,undefined', 'thread']) {
  const driver = await build(sanitizers);
  for (const isa of process.arch === 'x64' ? ['scalar', 'avx2', 'avx512'] : ['scalar', 'neon']) {
    console.log(`-fsanitize=${sanitizers}, GRPO_STUDIO_ISA=${isa}`);
    await run(driver, [], { ...process.env, GRPO_STUDIO_ISA: isa });
  }
}

function cppFiles(part) {
  return readdirSync(join(folder, part), { recursive: true })
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(folder, part, name))
    .sort();
}

/** Compiles every source in parallel and links the driver; the path of the driver. */
async function build(sanitizers) {
  const out = join(folder, 'build/sanitize', sanitizers.replace(',', '-'));
  mkdirSync(out, { recursive: true });
  const all = [...flags, `-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all'];
  const object = (file) => join(out, `${relative(folder, file).replaceAll(/[/\\]/g, '-')}.o`);
  const waiting = [...sources];
  const compileRest = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      await run(compiler, [
        ...all,
        '-I',
        join(folder, 'src'),
        '-I',
        join(folder, 'test'),
        '-c',
        file,
        '-o',
        object(file),
      ]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileRest));
  const driver = join(out, 'driver');
  await run(compiler, [...all, ...sources.map(object), '-o', driver]);
  return driver;
}

/** Runs a program to its end; exits with its status when it fails. */
function run(command, args, env = process.env) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: 'inherit', env });
    child.on('error', (error) => {
      console.error(`${command} cannot be run: ${error.message}`);
      process.exit(1);
    });
    child.on('exit', (status, signal) => {
      if (status === 0) return done();
      console.error(`${command} failed with ${signal ?? `exit code ${status}`}.`);
      process.exit(status ?? 1);
    });
  });
}
