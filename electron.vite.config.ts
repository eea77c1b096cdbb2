/** The desktop app's build: main process, engine process, preload and renderer, into out/. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'electron-vite';

/** Loaded from node_modules at run time: native code and packages that find their own files by path. */
const external = [/^@tensorflow\//, 'better-sqlite3', 'node-gyp', /\.node$/];

export default defineConfig({
  main: {
    build: {
      rolldownOptions: {
        input: {
          index: 'src-main/hosts/electron/main.ts',
          engine: 'src-main/engine/entry.ts',
          'dataset-thread': 'src-main/services/datasets/dataset-thread.ts',
          'script-worker': 'src-main/rewards/sandbox/script-worker.ts',
          'math-worker': 'src-main/rewards/math/math-worker.ts',
        },
        external,
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload script can require nothing but electron: everything else is bundled, as CommonJS.
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: 'src-main/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [tailwindcss(), svelte()],
    build: { rolldownOptions: { input: 'src-renderer/index.html' } },
  },
});
