/** The page's one way to the studio: typed calls and typed events. */
import type {
  ChannelEvents,
  ChannelName,
  EndpointInput,
  EndpointName,
  EndpointOutputs,
} from '../../src-main/contract/api.ts';
import type { Client } from '../../src-main/rpc/client.ts';

export { CallError, ConnectionError } from '../../src-main/rpc/client.ts';

export interface Transport {
  /** @throws CallError when the call failed in the studio, ConnectionError when the studio cannot be reached */
  call<E extends EndpointName>(endpoint: E, input: EndpointInput<E>, signal?: AbortSignal): Promise<EndpointOutputs[E]>;
  /**
   * Events in order, about ten batches a second.
   * @param receive with `gap` events were missed: read anew what was built from them
   * @returns ends the listening
   */
  listen<C extends ChannelName>(channel: C, receive: (events: ChannelEvents[C][], gap: boolean) => void): () => void;
}

export function createTransport(client: Client): Transport {
  return {
    call: <E extends EndpointName>(endpoint: E, input: EndpointInput<E>, signal?: AbortSignal) =>
      client.call(endpoint, input, signal) as Promise<EndpointOutputs[E]>,
    listen: <C extends ChannelName>(channel: C, receive: (events: ChannelEvents[C][], gap: boolean) => void) =>
      client.listen(channel, (events, gap) => receive(events as ChannelEvents[C][], gap)),
  };
}
