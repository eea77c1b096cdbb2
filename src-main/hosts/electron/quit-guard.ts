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

/** Every way to end the app comes through `before-quit`: the menu, the last window, the system's log-out. */
export function guardQuit(
  app: GuardedApp,
  dialog: Pick<Dialog, 'showMessageBox' | 'showErrorBox'>,
  studio: GuardedStudio,
): void {
  let state: 'open' | 'asking' | 'closed' = 'open';

  async function end(): Promise<void> {
    const runs = studio.liveRuns();
    let stops = false;
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
      if (response === KEEP) {
        state = 'open';
        return;
      }
      stops = response === STOP;
    }
    try {
      if (stops) await studio.stopRuns();
      await studio.close();
    } catch (error) {
      // What cannot be recorded keeps nobody from leaving.
      dialog.showErrorBox('The studio could not be left in order', (error as Error).message);
    }
    state = 'closed';
    app.quit();
  }

  app.on('before-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'asking') return;
    state = 'asking';
    void end();
  });
}
