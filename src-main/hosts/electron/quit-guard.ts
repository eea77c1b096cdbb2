/** Asks before the studio is ended while a run goes on, and ends it only once its runs have been left in order. */
import type { App, Dialog } from 'electron';

export interface GuardedStudio {
  /** Ids of the runs that go on. */
  liveRuns(): string[];
  /** Asks every run to save a checkpoint after its step; resolves when they have ended. */
  stopRuns(): Promise<void>;
  close(): Promise<void>;
}

/** What the three buttons do, in their order. */
const KEEP = 0;
const STOP = 1;

type GuardedApp = Pick<App, 'quit'> & {
  on(event: 'before-quit', listener: (event: { preventDefault(): void }) => void): unknown;
};

/**
 * The menu and the last window come through `before-quit`. A log-out of Windows does not: the next start finds its runs interrupted.
 * @param keep the person chose to go on: brings the window back, which may be closed by then
 */
export function guardQuit(
  app: GuardedApp,
  dialog: Pick<Dialog, 'showMessageBox' | 'showErrorBox'>,
  studio: GuardedStudio,
  keep: () => void,
): void {
  let state: 'open' | 'asking' | 'closed' = 'open';

  /** @returns whether the app may end */
  async function leave(): Promise<boolean> {
    const runs = studio.liveRuns();
    if (runs.length > 0) {
      const { response } = await dialog.showMessageBox({
        type: 'question',
        message: runs.length === 1 ? 'A run is going on' : `${runs.length} runs are going on`,
        detail:
          'Stopped and saved, it goes on later from where it is. Ended at once, it goes on from its newest checkpoint.',
        buttons: ['Keep running', 'Stop and save', 'End at once'],
        defaultId: KEEP,
        cancelId: KEEP,
      });
      if (response === KEEP) return false;
      if (response === STOP) await studio.stopRuns();
    }
    await studio.close();
    return true;
  }

  /** The app must be able to end whatever fails. */
  function tellFailure(error: unknown): boolean {
    const reason = error instanceof Error ? error.message : String(error);
    dialog.showErrorBox(
      'The studio could not be ended in order',
      `${reason}\n\nA run goes on from its newest checkpoint.`,
    );
    return true;
  }

  app.on('before-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'asking') return;
    state = 'asking';
    void leave()
      .catch(tellFailure)
      .then((leaving) => {
        state = leaving ? 'closed' : 'open';
        if (leaving) app.quit();
        else keep();
      });
  });
}
