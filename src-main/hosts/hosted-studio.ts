/** The studio behind a page, the same in every host: the contract over rpc, with the database opened by the first call. */
import type { RunActivity } from '../contract/api/runs.ts';
import { endpointInputs, type ChannelEvents, type EndpointName, type StudioApi } from '../contract/api.ts';
import { StudioError } from '../contract/errors.ts';
import { EventLog } from '../rpc/event-log.ts';
import type { Service } from '../rpc/server.ts';
import type { EngineLauncher } from '../runs/engine-launcher.ts';
import { createRunManager } from '../runs/run-manager.ts';
import { isLive } from '../runs/run-state.ts';
import { databasePath } from '../services/data-directory.ts';
import { Jobs } from '../services/jobs.ts';
import { openModelLibrary } from '../services/models/library.ts';
import { Playground } from '../services/playground/playground.ts';
import { runActivity } from '../services/runs/activity.ts';
import { createStudioApi } from '../services/studio-api.ts';
import type { StudioContext } from '../services/studio-context.ts';
import { openStore } from '../store/open.ts';

export interface HostedStudio {
  service: Service;
  /** Ids of the runs that this host drives. */
  liveRuns(): string[];
  nameOf(run: string): string;
  /** Asks every run that goes on to save a checkpoint after its step; resolves when they have ended. */
  stopRuns(): Promise<void>;
  /** Ends the engines, whose runs are left as interrupted, and closes the database. */
  close(): Promise<void>;
}

interface Opened {
  context: StudioContext;
  api: StudioApi;
}

interface Parts {
  dataDirectory: string;
  launchEngine: EngineLauncher;
  /** Told of what the runs do, as the pages are. */
  onActivity?: (activity: RunActivity) => void;
}

export function hostStudio(parts: Parts): HostedStudio {
  const logId = `${process.pid}-${Date.now()}`;
  const logs: { [C in keyof ChannelEvents]: EventLog<ChannelEvents[C]> } = {
    runs: new EventLog(logId),
    jobs: new EventLog(logId),
    playground: new EventLog(logId),
  };
  let opened: Opened | null = null;

  /** Not before the first call, so that a database that cannot be opened is said in the page and can be tried again. */
  function open(): Opened {
    if (opened !== null) return opened;
    const store = openStore(databasePath(parts.dataDirectory));
    const runs = createRunManager({ store, ...parts });
    runs.onEvent((run, event) => {
      const activity = runActivity(run, event);
      logs.runs.append(activity);
      parts.onActivity?.(activity);
    });
    const jobs = new Jobs((job) => logs.jobs.append(job));
    const models = openModelLibrary({
      dataDirectory: parts.dataDirectory,
      reader: store.reader,
    });
    const services = {
      dataDirectory: parts.dataDirectory,
      store,
      runs,
      jobs,
      models,
      launchEngine: parts.launchEngine,
    };
    const playground = new Playground(services, (activity) => logs.playground.append(activity));
    const context = { ...services, playground };
    opened = { context, api: createStudioApi(context) };
    return opened;
  }

  return {
    service: {
      call: async (endpoint, input, signal) => {
        if (!isEndpoint(endpoint)) throw new StudioError('io_failed', `The studio has no endpoint "${endpoint}".`);
        const checked = endpointInputs[endpoint].safeParse(input);
        if (!checked.success) {
          const [issue] = checked.error.issues;
          const field = issue.path.join('.');
          throw new StudioError('io_failed', `${endpoint}: ${field === '' ? 'its input' : field}: ${issue.message}`, {
            field,
          });
        }
        // Endpoint and input belong together by the check above, which the compiler cannot follow through the table.
        const answer = open().api[endpoint] as (input: unknown, signal: AbortSignal) => unknown;
        return answer(checked.data, signal);
      },
      channel: (name) => (Object.hasOwn(logs, name) ? logs[name as keyof ChannelEvents] : undefined),
    },
    liveRuns: () => opened?.context.runs.live() ?? [],
    nameOf: (run) => open().context.store.reader.getRun(run).name,
    stopRuns: async () => {
      const { runs, store } = open().context;
      const live = runs.live();
      // One that has just ended is live until its process has gone.
      for (const id of live) if (isLive(store.reader.getRun(id).status)) runs.stop(id);
      await Promise.all(live.map((id) => runs.finished(id)));
    },
    close: async () => {
      const closing = opened;
      opened = null;
      closing?.context.playground.close();
      await closing?.context.runs.close();
      closing?.context.store.close();
    },
  };
}

function isEndpoint(name: string): name is EndpointName {
  return Object.hasOwn(endpointInputs, name);
}
