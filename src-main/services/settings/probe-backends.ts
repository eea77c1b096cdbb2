/** Asks an engine process what it would compute with. The host itself loads no backend: one that crashes takes only that process along. */
import type { BackendReport } from '../../contract/engine.ts';
import { StudioError } from '../../contract/errors.ts';
import type { EngineHandle, EngineLauncher } from '../../runs/engine-launcher.ts';

/**
 * @throws StudioError `backend_unavailable` when none loads, `engine_crashed` when the process ends without an answer; the signal's
 *   reason when the caller gives up
 */
export async function probeBackends(launchEngine: EngineLauncher, signal: AbortSignal): Promise<BackendReport> {
  let engine: EngineHandle | null = null;
  try {
    return await new Promise<BackendReport>((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      engine = launchEngine(
        (event) => {
          if (event.type === 'backends') resolve(event.report);
          else if (event.type === 'failed') reject(StudioError.fromRecord(event.error));
        },
        ({ code, signal: killedBy, output }) => {
          const how = killedBy === null ? `with code ${code ?? 'unknown'}` : `by ${killedBy}`;
          const said = output.length === 0 ? '' : ` It wrote: ${output.join('\n')}`;
          reject(new StudioError('engine_crashed', `The engine ended ${how} while it tried its backends.${said}`));
        },
      );
      engine.send({ type: 'probe' });
    });
  } finally {
    (engine as EngineHandle | null)?.kill();
  }
}
