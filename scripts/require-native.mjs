/** Keeps electron-builder from packing a studio without its C++ backend, which would train many times slower. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const addon = fileURLToPath(new URL('../src-main/engine/native/build/Release/grpo_native.node', import.meta.url));

export default function requireNative() {
  if (!existsSync(addon)) throw new Error('The C++ backend is not built; run: node scripts/build-native.mjs');
}
