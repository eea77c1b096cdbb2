/** The golden runner: holds the studio to the reference values of a folder shaped like e2e/fixtures/golden. */
import { parseArgs } from 'node:util';
import { backendNames, type BackendName } from '../../src-main/contract/config.ts';
import { StudioError } from '../../src-main/contract/errors.ts';
import { selectBackend } from '../../src-main/engine/tensor/backend.ts';
import { runFolder, UsageError } from './run-folder.ts';

const usage = `Usage: npm run -s golden -- DIR [--only NAME,…] [--backend ${backendNames.join('|')}]
  DIR        a folder of golden data
  --only     runs these files (grpo_loss) or cases (grpo/clip-higher) alone
  --backend  tensor backend; auto by default
Exit codes: 0 all passed, 1 something failed, 2 wrong command line.`;

/** @returns the exit code */
async function main(words: string[]): Promise<number> {
  const options = readOptions(words);
  if (options === null) {
    console.log(usage);
    return 0;
  }
  const { name, device } = await selectBackend(options.backend);
  console.log(`${options.folder} on ${name} (${device})`);
  const { passed, failed } = await runFolder(options.folder, options.only, (line) => console.log(line));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @returns null when help is asked for */
function readOptions(words: string[]): { folder: string; only: string[] | null; backend: BackendName } | null {
  const { values, positionals } = parse(words);
  if (values.help) return null;
  if (positionals.length !== 1) throw new UsageError(`One folder is expected, not ${positionals.length}.\n${usage}`);
  const backend = backendNames.find((name) => name === values.backend);
  if (backend === undefined) {
    throw new UsageError(`The backend "${values.backend}" is unknown; there are ${backendNames.join(', ')}.`);
  }
  return { folder: positionals[0], only: values.only?.split(',') ?? null, backend };
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        backend: { type: 'string', default: 'auto' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof StudioError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
