/** `grpo-studio serve`: the studio's page for a browser, on this machine or through an SSH tunnel. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { StudioError } from '../../contract/errors.ts';
import { startHeadlessHost } from '../../hosts/headless/server.ts';
import { hostStudio } from '../../hosts/hosted-studio.ts';
import { createForkLauncher } from '../../runs/fork-launcher.ts';
import { resolveDataDirectory } from '../../services/data-directory.ts';
import type { CommandContext } from '../command-context.ts';
import { exitCodes } from '../errors.ts';
import { endSignals } from '../interrupts.ts';
import { command, dataDirOption, jsonOption, type CommonOptions } from '../options.ts';

const help = `
Examples:
  grpo-studio serve
  grpo-studio serve --port 8123 --data-dir /mnt/runs

On a machine far away, keep it on loopback and bring it here through a tunnel:
  ssh -L 8123:127.0.0.1:8123 gpu-box grpo-studio serve --port 8123

The link works once, for one browser; the next one is printed when it has been used. Ctrl-C ends the studio; runs that go on
are left as interrupted and can be resumed.`;

/** Built by `npm run build`. */
const pageDirectory = join(import.meta.dirname, '../../../out/renderer');

export function serveCommand(context: CommandContext): Command {
  return command('serve', "the studio's page for a browser", "Serves the studio's page on 127.0.0.1.", help)
    .option('--port <number>', 'port on 127.0.0.1 (default: a free one)', '0')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((options: CommonOptions & { port: string }) =>
      context.run(options, async (output) => {
        const port = portNumber(options.port);
        if (!existsSync(join(pageDirectory, 'index.html'))) {
          throw new StudioError(
            'io_failed',
            `The page is not built: ${pageDirectory} is missing. Run \`npm run build\`.`,
            {
              path: pageDirectory,
            },
          );
        }
        const dataDirectory = resolveDataDirectory({ flag: options.dataDir });
        const studio = hostStudio({
          dataDirectory,
          launchEngine: createForkLauncher({ entry: context.engine.entry }),
        });
        const host = await startHeadlessHost({
          service: studio.service,
          pageDirectory,
          uploadDirectory: join(dataDirectory, 'uploads'),
          port,
          announce: (link) => {
            output.say(`Open ${link}`);
            output.emit({ event: 'link', link });
          },
        }).catch((error: unknown) => {
          const { code, message } = error as NodeJS.ErrnoException;
          if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
          const sentence = `Port ${port} cannot be used (${message}). Name another with --port, or leave it out.`;
          throw new StudioError('io_failed', sentence, { field: '--port' }, { cause: error });
        });
        await new Promise<void>((resolve) => {
          for (const signal of endSignals) process.once(signal, resolve);
        });
        await host.close();
        await studio.close();
        return exitCodes.ok;
      }),
    );
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StudioError('config_invalid', `--port must be a number from 0 to 65535, not ${text}.`, { field: '--port' });
}
