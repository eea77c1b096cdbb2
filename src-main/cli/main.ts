#!/usr/bin/env node
/** The entry of the `grpo-studio` command under a Node that runs TypeScript; `grpo-studio.mjs` gets there from an older one. */
import { join } from 'node:path';
import { endUnheard } from './interrupts.ts';
import { runCli } from './program.ts';

endUnheard();
process.exitCode = await runCli(process.argv.slice(2), {
  entry: join(import.meta.dirname, '../engine/entry.ts'),
  // Loaded when needed: TensorFlow.js takes a second, and most commands do without it.
  openPolicy: async (folder, backend) => (await import('../engine/session.ts')).openPolicy(folder, backend),
  selectBackend: async (requested) => (await import('../engine/tensor/backend.ts')).selectBackend(requested),
});
