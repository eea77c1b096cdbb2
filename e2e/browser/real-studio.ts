/** Opens the built page over the headless host with the real studio behind it: its database, its services and its engine. */
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { startHeadlessHost } from '../../src-main/hosts/headless/server.ts';
import { hostStudio } from '../../src-main/hosts/hosted-studio.ts';
import { createForkLauncher } from '../../src-main/runs/fork-launcher.ts';
import { faultsOf, pageDirectory } from './studio-page.ts';

const engineEntry = join(import.meta.dirname, '../../src-main/engine/entry.ts');

export interface RealStudio {
  dataDirectory: string;
  /** `http://127.0.0.1:<port>` */
  origin: string;
  /** Lets a page in and shows a place of the studio, such as `/runs`. @returns what the page complains of */
  open(page: Page, place?: string): Promise<string[]>;
}

/** @returns a studio that shows a data folder, and how it ends */
export async function startRealStudio(dataDirectory: string): Promise<RealStudio & { close: () => Promise<void> }> {
  const studio = hostStudio({ dataDirectory, launchEngine: createForkLauncher({ entry: engineEntry }) });
  let link = '';
  const host = await startHeadlessHost({
    service: studio.service,
    pageDirectory,
    uploadDirectory: join(dataDirectory, 'uploads'),
    port: 0,
    announce: (next) => (link = next),
  });
  return {
    dataDirectory,
    origin: host.origin,
    open: async (page, place = '/runs') => {
      const faults = faultsOf(page);
      await page.goto(link);
      await page.goto(`${host.origin}/#${place}`);
      return faults;
    },
    close: async () => {
      await host.close();
      await studio.close();
    },
  };
}
