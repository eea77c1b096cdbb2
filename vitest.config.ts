/** Unit and integration tests: every `*.test.ts` beside the code it tests. The browser tests under e2e/ are Playwright's. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte({ configFile: 'src-renderer/svelte.config.js' })],
  test: {
    include: ['src-main/**/*.test.ts', 'src-renderer/**/*.test.ts', 'e2e/golden/*.test.ts'],
    // Each file gets a process of its own: native addons and the tensor backend are chosen per process.
    pool: 'forks',
    // Limits end what hangs; how long something takes on a busy machine decides nothing.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
