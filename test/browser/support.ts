import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { inWorld, type World, type WorldOptions } from '../support/world.js';

const patienceMs = 30_000;
/** How long a test on a stage may take; an ordinary machine needs a fifth of it. */
export const stageMs = 180_000;
const dayMs = 86_400_000;
const browserArgs = [
  ...['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  // The page and the practice bank are on loopback: nothing here needs a proxy, DNS or QUIC.
  ...['--disable-quic', '--no-proxy-server'],
];

export const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 860 } };
export const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
};

/** A world with a browser in front of it. */
export type Stage = {
  world: World;
  /** The origin of the page, without a slash at the end. */
  base: string;
  /** A browser of its own, as another person or device would have. */
  visit(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** What operators do. @throws Error when the api refuses. */
  operate(path: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
};

/** A test in a browser before a whole Usher; a failure leaves pictures of all pages. */
export function onStage(
  options: WorldOptions,
  test: (stage: Stage) => Promise<void>,
): () => Promise<void> {
  return inWorld(options, async (world) => {
    const executablePath = process.env.USHER_TEST_CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: browserArgs });
    const faults: string[] = [];
    const heard: string[] = [];
    // Fans come back from the bank to this name, and what a browser keeps belongs to one name.
    const base = world.url.replace('127.0.0.1', 'localhost');
    const visit = async (context: BrowserContextOptions = desktop) => {
      const visitor = await browser.newContext({ baseURL: base, locale: 'en-GB', ...context });
      visitor.setDefaultTimeout(patienceMs);
      visitor.on('console', (message) => {
        if (message.type() !== 'error') return;
        heard.push(message.text());
        if (message.text().includes('Content Security Policy')) faults.push(message.text());
      });
      visitor.on('weberror', (fault) => faults.push(String(fault.error())));
      return visitor;
    };
    const operate = (path: string, body: Record<string, unknown>) => staffCall(world, path, body);
    try {
      await test({ world, base, visit, operate });
      if (faults.length > 0) throw new Error(`the page has faults:\n${faults.join('\n')}`);
    } catch (error) {
      console.error([...(await picture(browser)), ...heard].join('\n'));
      throw error;
    } finally {
      await browser.close();
    }
  });
}

async function staffCall(
  world: World,
  path: string,
  body: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const claims = { fanId: 'the-operator', epoch: 1, role: 'ops' as const };
  const token = world.tokens.signSession({ ...claims, expiresAtMs: Date.now() + 600_000 });
  const response = await fetch(`${world.url}/api/v1/staff${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Saves what every open page shows; returns where the pictures are, and the words on them. */
async function picture(browser: Browser): Promise<string[]> {
  const pages = browser.contexts().flatMap((context) => context.pages());
  const folder = mkdtempSync(join(tmpdir(), 'usher-browser-'));
  return Promise.all(
    pages.map(async (page, at) => {
      const path = join(folder, `${at}.png`);
      try {
        await page.screenshot({ path, fullPage: true, timeout: 5000 });
        const words = await page.locator('main').textContent({ timeout: 5000 });
        return `${page.url()} looks like ${path} and says\n${words}`;
      } catch (error) {
        return `${page.url()} gave no picture: ${String(error)}`;
      }
    }),
  );
}

/** A sale with a waiting room and one show in the hall of rows A and B. @returns the show's id */
export async function addSale(
  { operate }: Stage,
  sale: {
    key: string;
    name: string;
    opens_at: string;
    pass_cap?: number;
    booking_fee?: number;
    standing?: boolean;
    waitlist?: { offer_seconds: number };
  },
): Promise<number> {
  await operate('/sales', { rate_per_minute: 60_000, pass_cap: 1000, ...sale });
  const show = await operate('/shows', {
    ...{ key: `${sale.key}-1`, sale: sale.key, movie: 'metropolis', hall: 'hall' },
    starts_at: new Date(Date.now() + 30 * dayMs).toISOString(),
    ...{ currency: 'EUR', prices: { all: 1500 } },
  });
  return Number(show.show_id);
}

/** Fills in the sign-up form that the page shows. */
export async function signUpOn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New here? Create an account' }).click();
  await page.getByLabel('Mail address').fill(`${randomUUID()}@example.org`);
  await page.getByLabel('Password').fill('a seat in the third row');
  await page.getByRole('button', { name: 'Create the account' }).click();
}

/** One seat on the map, in the state that its name says. */
export function seatOn(page: Page, seat: string, state: string): Locator {
  const [row, number] = seat.split('-');
  return page.getByRole('gridcell', {
    name: new RegExp(`^Row ${row}, seat ${number},.* ${state}$`),
  });
}

/** Goes to the bank in its own tab and says yes; resolves with the tab when the bank is done. */
export async function approveAtBank(page: Page): Promise<Page> {
  const link = page.getByRole('link', { name: 'Confirm with the bank' });
  const [bank] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
  await bank.getByRole('button', { name: 'Approve the payment' }).click();
  await bank.waitForURL((url) => !url.pathname.startsWith('/3ds/'));
  return bank;
}

const run = promisify(execFile);

/** What a scanner reads from a picture of this code. */
export async function scanned(code: Locator): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'usher-code-')), 'code.png');
  writeFileSync(path, await code.screenshot());
  const { stdout } = await run('zbarimg', ['--quiet', '--raw', path]);
  return stdout.trim();
}

/** The codes of the booking that the page shows, as the api gives them to its fan. */
export async function codesOf(page: Page): Promise<string[]> {
  const id = new URL(page.url()).pathname.split('/').at(-1);
  return page.evaluate(async (bookingId) => {
    const { token } = JSON.parse(window.localStorage.getItem('usher.session') ?? '{}');
    const answer = await fetch(`/api/v1/bookings/${bookingId}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const { tickets } = (await answer.json()) as { tickets: { qr_code: string }[] };
    return tickets.map((ticket) => ticket.qr_code);
  }, id);
}
