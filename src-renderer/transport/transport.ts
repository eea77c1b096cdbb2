/** The page's one way to the studio: typed calls over whatever the host put on the window. */
import type { EndpointInput, EndpointName, EndpointOutputs, Reply, StudioHost } from '../../src-main/contract/api.ts';
import type { ErrorRecord } from '../../src-main/contract/errors.ts';

declare global {
  interface Window {
    /** Absent when the page was opened by something that is no studio. */
    studioHost?: StudioHost;
  }
}

/** A call that the studio answered with an error. */
export class CallError extends Error {
  readonly record: ErrorRecord;

  constructor(record: ErrorRecord) {
    super(record.message);
    this.name = 'CallError';
    this.record = record;
  }
}

export interface Transport {
  /** @throws CallError when the call failed in the studio, Error when the studio cannot be reached */
  call<E extends EndpointName>(endpoint: E, input: EndpointInput<E>): Promise<EndpointOutputs[E]>;
}

export function connect(host: StudioHost | undefined): Transport {
  return {
    async call<E extends EndpointName>(endpoint: E, input: EndpointInput<E>) {
      if (host === undefined)
        throw new Error('This page is not connected to a studio. Open it through the GRPO Studio app.');
      const reply = (await host.call(endpoint, input)) as Reply<EndpointOutputs[E]>;
      if (!reply.ok) throw new CallError(reply.error);
      return reply.value;
    },
  };
}
