/** Where a worker thread's module lies: beside its caller in the source, among the entries of the bundle in the built app. */

/**
 * @param source the worker's file beside the caller, such as `./script-worker.ts`
 * @param bundled its entry in out/main, such as `script-worker.js`
 * @param caller the calling module's `import.meta.url`
 */
export function workerLocation(source: string, bundled: string, caller: string): URL {
  if (caller.endsWith('.ts')) return new URL(source, caller);
  return new URL(caller.includes('/chunks/') ? `../${bundled}` : bundled, caller);
}
