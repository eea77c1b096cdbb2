/** `grpo-studio doctor`: what this machine offers, and what stands in the way of the rest. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { BackendName } from '../../contract/config.ts';
import { toErrorRecord } from '../../contract/errors.ts';
import { databasePath, resolveDataDirectory } from '../../services/data-directory.ts';
import { openStore } from '../../store/open.ts';
import { exitCodes } from '../errors.ts';
import { formatBytes, formatTable, indent, plural } from '../format.ts';
import { backendOption, command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';
import type { CommandContext } from '../command-context.ts';
import { formatRows } from '../run-report.ts';

const help = `
Examples:
  grpo-studio doctor
  grpo-studio doctor --backend tensorflow --json

Exit code 1 when the database is damaged or the backend that was asked for cannot be used.`;

export function doctorCommand(context: CommandContext): Command {
  return command(
    'doctor',
    'what this machine offers',
    'Shows backends, Node, the data folder and the database, and says what is wrong with them.',
    help,
  )
    .addOption(backendOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((options: CommonOptions & { backend?: BackendName }) =>
      context.run(options, async (output) => {
        const dataDirectory = resolveDataDirectory({ flag: options.dataDir });
        const database = checkDatabase(databasePath(dataDirectory));
        const bytes = existsSync(dataDirectory) ? folderBytes(dataDirectory) : 0;
        const machine = {
          node: process.versions.node,
          platform: `${process.platform} ${process.arch}`,
          cores: availableParallelism(),
          memory_bytes: totalmem(),
        };
        output.say(
          formatRows([
            [
              'Node',
              `${machine.node} on ${machine.platform}, ${plural(machine.cores, 'core')}, ${formatBytes(machine.memory_bytes)} of memory`,
            ],
            ['data folder', `${dataDirectory} (${existsSync(dataDirectory) ? formatBytes(bytes) : 'not made yet'})`],
            ['database', database.sentence],
          ]),
        );
        const choice = await context.engine.selectBackend(options.backend ?? 'auto');
        const rows = choice.tried.map((probe) => [
          probe.name,
          probe.name === choice.name ? 'used' : probe.available ? 'available' : 'not available',
          probe.device ?? '–',
        ]);
        const reasons = choice.tried.map(({ name, why }): [string, string] => [name, why]);
        output.say(
          `\nBackends, best first\n${indent(formatTable([{ title: 'NAME' }, { title: 'STATE' }, { title: 'DEVICE' }], rows), 2)}`,
        );
        output.say(`\n${indent(formatRows(reasons), 2)}`);
        output.emit({
          ...machine,
          data_directory: dataDirectory,
          data_bytes: bytes,
          database: { path: databasePath(dataDirectory), ...database },
          backend: choice.name,
          device: choice.device,
          backends: choice.tried,
        });
        return database.state === 'unreadable' ? exitCodes.failure : exitCodes.ok;
      }),
    );
}

/** Reads the whole database once; a database that is not there is not made. */
function checkDatabase(path: string): { state: 'missing' | 'readable' | 'unreadable'; sentence: string } {
  if (!existsSync(path)) return { state: 'missing', sentence: 'not made yet; the first run makes it' };
  try {
    const store = openStore(path);
    try {
      store.check();
      return { state: 'readable', sentence: `whole, ${plural(store.reader.listRuns().length, 'run')}` };
    } finally {
      store.close();
    }
  } catch (error) {
    return { state: 'unreadable', sentence: toErrorRecord(error, 'store_failed').message };
  }
}

/** Bytes of all files below a folder. */
function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce(
    (total, entry) => total + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
