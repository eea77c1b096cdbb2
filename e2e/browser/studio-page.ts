/** Opens the built page over the headless host with a double of the studio behind it: the answers are the test's. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import type { EndpointOutputs } from '../../src-main/contract/api.ts';
import { StudioError, type ErrorRecord } from '../../src-main/contract/errors.ts';
import { startHeadlessHost } from '../../src-main/hosts/headless/server.ts';
import { EventLog } from '../../src-main/rpc/event-log.ts';

type Runs = EndpointOutputs['list-runs'];

/** What the studio says to `list-runs`; 'silence' never answers. */
export type ListAnswer = { ok: true; value: Runs } | { ok: false; error: ErrorRecord } | 'silence';

export const pageDirectory = join(import.meta.dirname, '../../out/renderer');

/** @returns the page's messages that speak of a fault, how often the runs were asked for, a way to set later answers, and the host's end */
export async function openStudio(page: Page, firstAnswer: ListAnswer) {
  let answer = firstAnswer;
  let calls = 0;
  const faults = faultsOf(page);
  const links: string[] = [];
  const host = await startHeadlessHost({
    service: {
      call: (endpoint) => {
        if (endpoint !== 'list-runs') return Promise.resolve([]);
        calls++;
        if (answer === 'silence') return new Promise(() => undefined);
        return answer.ok ? Promise.resolve(answer.value) : Promise.reject(StudioError.fromRecord(answer.error));
      },
      channel: () => new EventLog('double'),
    },
    pageDirectory,
    uploadDirectory: tmpdir(),
    port: 0,
    announce: (link) => links.push(link),
  });
  page.once('close', () => void host.close());
  await page.goto(links[0]);
  return {
    faults,
    calls: () => calls,
    answerWith: (next: ListAnswer) => {
      answer = next;
    },
    endHost: () => host.close(),
  };
}

/** Collects what the page complains of: uncaught errors, warnings, refused styles and scripts. */
export function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  return faults;
}

/** Watches the playground's answers for whoever listens to the page. @returns how many lengths the text of the first one has had so far */
export async function watchAnswer(page: Page): Promise<() => Promise<number>> {
  const lengths = await page.evaluateHandle(() => {
    const answers = document.querySelector('section[aria-label="Answers"]') as HTMLElement;
    const seen = new Set<number>();
    const observer = new MutationObserver(() =>
      seen.add(answers.querySelector('[role="group"]')?.textContent.length ?? 0),
    );
    observer.observe(answers, { subtree: true, childList: true, characterData: true });
    return seen;
  });
  return () => lengths.evaluate((seen) => seen.size);
}
