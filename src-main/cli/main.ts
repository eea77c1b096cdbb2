#!/usr/bin/env node
/** The entry of the `grpo-studio` command under a Node that runs TypeScript; `grpo-studio.mjs` gets there from an older one. */
import { join } from 'node:path';
import { runCli } from './program.ts';

// A reader that has seen enough, as in `grpo-studio runs list | head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  ignoreClosedTerminal(error);
});
process.stderr.on('error', ignoreClosedTerminal);

/** What a closed terminal has interrupted ends in order, unheard. */
function ignoreClosedTerminal(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EIO') throw error;
}

process.exitCode = await runCli(process.argv.slice(2), {
  entry: join(import.meta.dirname, '../engine/entry.ts'),
  // Loaded when needed: TensorFlow.js takes a second, and most commands do without it.
  openPolicy: async (folder, backend) => (await import('../engine/session.ts')).openPolicy(folder, backend),
  selectBackend: async (requested) => (await import('../engine/tensor/backend.ts')).selectBackend(requested),
});
