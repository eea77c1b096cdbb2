/**
 * Opens what the studio exports with the tools that it is exported for: transformers and PEFT through Python, llama.cpp through
 * node-llama-cpp. Run `npm run exports:verify [-- --python PATH]`. It makes a small random model of each family, exports it in every
 * form, prints the largest logit difference and the greedy tokens that agree, and exits with 1 when something differs.
 *
 * The tools are installed into `.export-check/` on first use: they are large, and nothing else needs them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { greedyContinuation, packedLogits } from '../src-main/engine/fixtures/golden-quantities.ts';
import { loadPolicy } from '../src-main/engine/model/policy.ts';
import { selectBackend } from '../src-main/engine/tensor/backend.ts';
import { exportModel } from '../src-main/export/export-model.ts';
import { loadTokenizer } from '../src-main/tokenizer/tokenizer.ts';
import { cases, writeTokenizer } from './verify-exports/cases.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tools = join(root, '.export-check');
const work = join(tools, 'work');
const peer = join(root, 'scripts/verify-exports/peer.py');

const NODE_LLAMA_CPP = '3.22.1';
const GREEDY_TOKENS = 24;
/** Largest logit difference of an export in the model's own number format; logits here are up to about 20. */
const LOGIT_TOLERANCE = 2e-3;
/** Share of the model's greedy tokens that the q8_0 file must choose too, each after the same tokens; 8-bit weights change close decisions. */
const Q8_SHARE = 0.85;
/** The f16 file may choose another token only where its logit is this close to the largest: llama.cpp computes in half precision, too. */
const CLOSE = 0.02;

const texts = [
  'What is 12 + 35?',
  'The quick brown fox jumps over the lazy dog.',
  "I'll say it's 2024: naïve café, 3.14\n\n  ok",
];

async function main() {
  const { values } = parseArgs({ options: { python: { type: 'string' }, only: { type: 'string' } } });
  const python = findPython(values.python);
  const llamaCpp = await loadLlamaCpp();
  await selectBackend('auto');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const chosen = cases.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
  const sources = makeSources(python, chosen, values.only === undefined);
  const prepared = [];
  for (const source of sources) prepared.push(await exportAndCompute(source));
  runPeer(
    python,
    'logits',
    prepared.flatMap(({ comparisons }) => comparisons.map(({ job }) => job)),
  );
  const rows = [];
  for (const model of prepared) rows.push(await compare(model, llamaCpp));
  rmSync(work, { recursive: true, force: true });
  console.table(Object.fromEntries(rows.map(({ name, cells }) => [name, cells])));
  for (const { name, problems } of rows) for (const problem of problems) console.log(`${name}: ${problem}`);
  const failed = rows.filter(({ problems }) => problems.length > 0).length;
  console.log(
    failed === 0 ? `${rows.length} models exported and opened.` : `${failed} of ${rows.length} models failed.`,
  );
  return failed === 0 ? 0 : 1;
}

/** @returns what is exported: every case's model, every case's adapter, and the starter model */
function makeSources(python, chosen, withStarter) {
  const sources = [];
  const jobs = chosen.map(({ name, config, tokenizer, dtype = 'float32', adapter }, seed) => {
    const folder = join(work, name);
    const vocab_size = writeTokenizer(root, tokenizer, folder);
    sources.push({ name, source: folder, base: folder, adapter: false });
    const job = { folder, config: { ...config, vocab_size }, seed, dtype, max_shard_size: '200KB' };
    if (adapter === undefined) return job;
    const adapterFolder = join(work, `${name}-lora`);
    sources.push({ name: `${name} + LoRA`, source: adapterFolder, base: folder, adapter: true });
    return { ...job, adapter: { folder: adapterFolder, config: adapter } };
  });
  runPeer(python, 'make', jobs);
  const starter = join(root, 'resources/models/starter');
  if (withStarter) sources.unshift({ name: 'starter', source: starter, base: starter, adapter: false });
  return sources;
}

/** Exports a model in every form, and computes with the studio's own engine what the other tools are to give. */
async function exportAndCompute({ name, source, base, adapter }) {
  const out = join(work, `${name}-exports`.replaceAll(' ', ''));
  const exported = (form) => join(out, form);
  const forms = [
    ['f32', { format: 'huggingface', maxFileBytes: 300_000, dtype: 'float32' }],
    ['bf16', { format: 'huggingface', dtype: 'bfloat16' }],
    ['f16', { format: 'gguf', name: 'model' }],
    ['q8_0', { format: 'ollama', name: 'model', type: 'q8_0' }],
    ...(adapter ? [['adapter', { format: 'adapter' }]] : []),
  ];
  for (const [form, request] of forms) await exportModel({ source, out: exported(form), ...request });
  const tokenizer = await loadTokenizer(base);
  const prompts = texts.map((text) => [...tokenizer.encode(text)]);
  const { logits, greedy, regret } = await withPolicy(source, (policy) => ({
    logits: packedLogits(policy, prompts),
    ...continuations(policy, prompts),
  }));
  const rounded = await withPolicy(exported('bf16'), (policy) => packedLogits(policy, prompts));
  const comparison = (tool, expected, folder, adapterFolder) => ({
    tool,
    expected,
    job: { folder, adapter: adapterFolder, texts: prompts, result: join(out, `${tool}.logits`) },
  });
  const comparisons = [
    comparison('transformers f32', logits, exported('f32'), null),
    comparison('transformers bf16', rounded, exported('bf16'), null),
    ...(adapter ? [comparison('PEFT', logits, base, exported('adapter'))] : []),
  ];
  return { name, exported, prompts, greedy, regret, comparisons };
}

async function compare({ name, exported, prompts, greedy, regret, comparisons }, llamaCpp) {
  const problems = [];
  const cells = { 'transformers f32': '', 'transformers bf16': '', PEFT: '' };
  for (const { tool, expected, job } of comparisons) {
    const difference = largestDifference(expected, job.result);
    if (!(difference <= LOGIT_TOLERANCE)) problems.push(`logits of ${tool} differ by ${difference}`);
    cells[tool] = difference.toExponential(1);
  }
  const f16 = await llamaCpp(join(exported('f16'), 'model-f16.gguf'), prompts, greedy);
  const q8 = await llamaCpp(join(exported('q8_0'), 'model-q8_0.gguf'), prompts, greedy);
  const tokens = texts.filter((_, i) => f16.encoded[i].join() === prompts[i].join()).length;
  if (tokens < texts.length) {
    const i = prompts.findIndex((prompt, index) => prompt.join() !== f16.encoded[index].join());
    problems.push(`llama.cpp tokenizes ${JSON.stringify(texts[i])} as ${f16.encoded[i]} instead of ${prompts[i]}`);
  }
  const shares = { f16: choicesInCommon(greedy, f16.choices), q8_0: choicesInCommon(greedy, q8.choices) };
  const worst = Math.max(...f16.choices.flatMap((tokens, i) => tokens.map((token, at) => regret(i, at, token))));
  if (!(worst <= CLOSE)) problems.push(`the f16 file chooses a token whose logit is ${worst} below the largest`);
  if (shares.q8_0 < Q8_SHARE)
    problems.push(`greedy tokens of the q8_0 file are the same only for ${percent(shares.q8_0)}`);
  cells['same ids'] = `${tokens}/${texts.length}`;
  cells['f16 greedy'] = percent(shares.f16);
  cells['free running'] = percent(agreement(greedy, f16.greedy));
  cells['q8_0 greedy'] = percent(shares.q8_0);
  return { name, cells, problems };
}

/** @returns what the model answers greedily, and how far below the largest logit another token is at a place of an answer */
function continuations(policy, prompts) {
  const greedy = prompts.map((prompt) => greedyContinuation(policy, prompt, GREEDY_TOKENS));
  const width = policy.config.vocabSize;
  const logits = prompts.map((prompt, i) => packedLogits(policy, [[...prompt, ...greedy[i]]]));
  const regret = (i, at, token) => {
    const start = (prompts[i].length - 1 + at) * width;
    const row = logits[i].subarray(start, start + width);
    return row.reduce((largest, value) => Math.max(largest, value), -Infinity) - row[token];
  };
  return { greedy, regret };
}

async function withPolicy(folder, work) {
  const policy = await loadPolicy(folder, { trainable: false });
  try {
    return work(policy);
  } finally {
    policy.dispose();
  }
}

function largestDifference(logits, file) {
  const bytes = readFileSync(file);
  const other = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  if (other.length !== logits.length) return NaN;
  return logits.reduce((largest, value, i) => Math.max(largest, Math.abs(value - other[i])), 0);
}

/** Share of the tokens that agree up to the first difference; llama.cpp's end where it meets an end token. */
function agreement(expected, got) {
  let [same, all] = [0, 0];
  expected.forEach((tokens, i) => {
    const length = got[i].ended ? got[i].length : tokens.length;
    const first = tokens.slice(0, length).findIndex((token, at) => token !== got[i][at]);
    same += first < 0 ? length : first;
    all += length;
  });
  return same / all;
}

/** Share of the tokens that are chosen after the same tokens before them. */
function choicesInCommon(expected, chosen) {
  const same = expected.flatMap((tokens, i) => tokens.map((token, at) => token === chosen[i][at]));
  return same.filter(Boolean).length / same.length;
}

const percent = (share) => `${Math.round(1000 * share) / 10} %`;

function runPeer(python, command, jobs) {
  const file = join(work, 'jobs.json');
  writeFileSync(file, JSON.stringify(jobs));
  const environment = { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error' };
  execFileSync(python, [peer, command, file], { stdio: ['ignore', 'ignore', 'inherit'], env: environment });
}

/** @returns the given Python, else one on this machine that has the packages, else a new environment with them */
function findPython(given) {
  const own = join(tools, 'python', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const has = (python) => spawnSync(python, ['-c', 'import torch, transformers, peft']).status === 0;
  if (given !== undefined) {
    if (has(given)) return given;
    throw new Error(`${given} cannot import torch, transformers and peft.`);
  }
  const found = [own, 'python3', 'python'].find(has);
  if (found !== undefined) return found;
  console.log(`Installing torch, transformers and peft into ${join(tools, 'python')}.`);
  mkdirSync(tools, { recursive: true });
  execFileSync('python3', ['-m', 'venv', join(tools, 'python')], { stdio: 'inherit' });
  execFileSync(own, ['-m', 'pip', 'install', '--quiet', 'torch', 'transformers', 'peft'], { stdio: 'inherit' });
  return own;
}

/** @returns a function that, with a GGUF file, tokenizes the texts, continues the prompts greedily, and chooses a token after each of given continuations */
async function loadLlamaCpp() {
  const entry = join(tools, 'node_modules/node-llama-cpp/dist/index.js');
  if (!existsSync(entry)) {
    const platform = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform];
    const suffix = process.platform === 'darwin' && process.arch === 'arm64' ? '-metal' : '';
    const binary = `@node-llama-cpp/${platform}-${process.arch}${suffix}`;
    console.log(`Installing node-llama-cpp ${NODE_LLAMA_CPP} into ${tools}.`);
    mkdirSync(tools, { recursive: true });
    writeFileSync(join(tools, 'package.json'), '{ "private": true }\n');
    // The package alone would bring its builds for CUDA and Vulkan too, and a script that looks for a compiler.
    const flags = ['--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    const packages = ['node-llama-cpp', binary].map((name) => `${name}@${NODE_LLAMA_CPP}`);
    execFileSync('npm', ['install', ...flags, ...packages], {
      cwd: tools,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  }
  const { getLlama } = await import(pathToFileURL(entry).href);
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
  return async (modelPath, prompts, continuations) => {
    const model = await llama.loadModel({ modelPath });
    const context = await model.createContext({ contextSize: 128, threads: 1, sequences: 1 });
    const sequence = context.getSequence();
    const greedy = [];
    const choices = [];
    for (const [i, prompt] of prompts.entries()) {
      await sequence.clearHistory();
      const tokens = Object.assign([], { ended: false });
      for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
        tokens.push(token);
        tokens.ended = model.isEogToken(token);
        if (tokens.ended || tokens.length === GREEDY_TOKENS) break;
      }
      greedy.push(tokens);
      await sequence.clearHistory();
      const given = [...prompt, ...continuations[i].slice(0, -1)];
      const next = { generateNext: { token: true, options: { temperature: 0 } } };
      const output = await sequence.controlledEvaluate(
        given.map((token, at) => (at < prompt.length - 1 ? token : [token, next])),
      );
      choices.push(output.slice(prompt.length - 1).map((place) => place.next.token));
    }
    const encoded = texts.map((text) => [...model.tokenize(text)]);
    await context.dispose();
    await model.dispose();
    return { greedy, choices, encoded };
  };
}

process.exitCode = await main();
