/** Opens the built renderer with a host double: the real page, styles and policy; the answers are the test's. */
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import type { Reply } from '../../src-main/contract/api.ts';
import type { RunSummary } from '../../src-main/contract/run.ts';
import { rendererHandler } from '../../src-main/hosts/electron/renderer-protocol.ts';

/** What the studio says to `list-runs`; 'silence' never answers, 'no host' is a page that no studio opened. */
export type ListAnswer = Reply<RunSummary[]> | 'silence' | 'no host';

const serve = rendererHandler(join(import.meta.dirname, '../../out/renderer'));

/**
 * @returns the page's messages that speak of a fault, how often the studio was called, and a way to set its later answers
 */
export async function openStudio(page: Page, firstAnswer: ListAnswer) {
  let answer = firstAnswer;
  let calls = 0;
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  await page.route('http://studio.localhost/**', async (route) => {
    const response = await serve(new Request(route.request().url().replace('http://studio.localhost', 'studio://app')));
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  });
  if (firstAnswer !== 'no host') {
    await page.exposeFunction('answerCall', () => {
      calls++;
      return answer === 'silence' ? new Promise(() => undefined) : answer;
    });
    await page.addInitScript('window.studioHost = { call: (endpoint, input) => window.answerCall(endpoint, input) }');
  }
  await page.goto('http://studio.localhost/');
  return {
    faults,
    calls: () => calls,
    answerWith: (next: ListAnswer) => {
      answer = next;
    },
  };
}
