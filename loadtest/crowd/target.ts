// Who is loaded: a private Usher of this run, or one that the operator names.
import { randomBytes, randomUUID } from 'node:crypto';
import { openPrivateUsher, type PrivateUsher } from '../stage/private-usher.js';
import { sleep } from '../stage/programs.js';
import { readJson } from '../stage/read-json.js';
import { openCaller } from './caller.js';
import { catalogOf, type SaleSize } from './catalog.js';
import type { Account, SaleView } from './fan.js';

export type Target = {
  name: string;
  url: string;
  sales: SaleView[];
  accounts: Account[];
  /** The run's own Usher, whose stores may be read; undefined for one that is running. */
  own: PrivateUsher | undefined;
  close(): Promise<void>;
};

/** A refusal that tells the operator what to do. */
export class TargetRefused extends Error {}

/** Nothing at the address answers as an Usher does. */
export class TargetAway extends Error {}

const signUpsAtOnce = 8;
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @throws TargetRefused for an address that isn't this machine, unless its owner says so. */
export function assertMayLoad(url: string, owned: boolean): URL {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TargetRefused(
      `--target must be an address such as http://localhost:3000, not ${url}.`,
    );
  }
  const target = new URL(url);
  if (loopback.test(target.hostname) || owned) return target;
  throw new TargetRefused(
    `${target.host} is not this machine. Load only what is yours: repeat with --i-own-this-target if it is.`,
  );
}

/**
 * Prepares a running Usher: reads its sales and signs fans up as everybody does.
 * @throws TargetAway where none answers, TargetRefused where it can't be loaded.
 */
export async function openRunning(
  url: URL,
  want: { fans: number; sales: string[]; shows: number; say: (text: string) => void },
): Promise<Target> {
  const sales = await readSales(url, want).catch((error: Error) => {
    if (error instanceof TargetRefused) throw error;
    const { message } = (error.cause as Error | undefined) ?? error;
    throw new TargetAway(`No Usher answers at ${url.origin} (${message}). Is it running?`);
  });
  const accounts: Account[] = [];
  const hands = Array.from({ length: signUpsAtOnce }, async () => {
    while (accounts.length < want.fans) {
      const place = accounts.push({ fanId: '', token: '' }) - 1;
      accounts[place] = await signUp(url);
      if (place % 200 === 199) want.say(`${place + 1} of ${want.fans} fans have signed up`);
    }
  });
  await Promise.all(hands);
  return {
    name: url.origin,
    url: url.origin,
    sales,
    accounts,
    own: undefined,
    close: async () => undefined,
  };
}

type SaleBody = { sale_id: string; shows?: { show_id: string }[] };

async function readSales(url: URL, want: { sales: string[]; shows: number }): Promise<SaleView[]> {
  const listed = want.sales.length > 0 ? want.sales : await listSales(url);
  const views: SaleView[] = [];
  for (const saleId of listed) {
    const { body } = await readJson<SaleBody>(
      new URL(`/api/v1/sales/${encodeURIComponent(saleId)}`, url),
    );
    const showIds = (body.shows ?? []).map((show) => show.show_id).slice(0, want.shows);
    if (showIds.length > 0) views.push({ saleId: body.sale_id, showIds });
  }
  if (views.length === 0)
    throw new TargetRefused(`${url.host} has no sale with shows: name one with --sale.`);
  return views;
}

async function listSales(url: URL): Promise<string[]> {
  const { body } = await readJson<{ results: SaleBody[] }>(new URL('/api/v1/sales', url));
  return body.results.map((sale) => sale.sale_id);
}

async function signUp(url: URL): Promise<Account> {
  const caller = openCaller(url.origin, () => undefined);
  const body = {
    email: `load-${randomUUID()}@load.invalid`,
    password: randomBytes(12).toString('hex'),
  };
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await caller.call({
      fan: '',
      op: 'signup',
      method: 'POST',
      path: '/api/v1/signup',
      body,
    });
    if (answer.status === 201) {
      caller.close();
      return { fanId: String(answer.body.fan_id), token: String(answer.body.token) };
    }
    if (answer.status !== 429 && answer.status !== 503) {
      throw new TargetRefused(
        `Signing up was refused with ${answer.status} ${String(answer.body.error)}.`,
      );
    }
    await sleep(answer.retryAfterMs || 1_000);
  }
  throw new TargetRefused(
    'The target limits sign-ups. Run it with USHER_LIMITS=loose (or off) for a load test.',
  );
}

export type OwnWish = {
  fans: number;
  sizes: SaleSize[];
  env: NodeJS.ProcessEnv;
  say: (text: string) => void;
  /** Fans who sign up over HTTP, so that they have an address and get mail. */
  signUps: number;
};

/** A private Usher with its own catalog and fans. */
export async function openOwn(wish: OwnWish): Promise<Target> {
  const own = await openPrivateUsher({ env: wish.env, say: wish.say, shards: 2, processors: 1 });
  try {
    const sales = await addSales(own, wish.sizes);
    const signUps = Math.min(wish.fans, wish.signUps);
    const accounts = await makeAccounts(own, { fans: wish.fans, signUps });
    return { name: 'a private Usher', url: own.url, sales, accounts, own, close: own.close };
  } catch (error) {
    await own.close();
    throw error;
  }
}

export async function makeAccounts(
  own: PrivateUsher,
  { fans, signUps }: { fans: number; signUps: number },
): Promise<Account[]> {
  const url = new URL(own.url);
  const accounts: Account[] = [];
  for (let no = 0; no < signUps; no += 1) accounts.push(await signUp(url));
  for (const fanId of fans > signUps ? await own.addFans(fans - signUps) : []) {
    accounts.push({ fanId, token: own.sign.session(fanId) });
  }
  return accounts;
}

/** Imports sales and shortens their holds and offers past what a catalog file may say. */
export async function addSales(own: PrivateUsher, sizes: SaleSize[]): Promise<SaleView[]> {
  await own.importCatalog(catalogOf(sizes));
  for (const { saleId, holdSeconds, offerSeconds = 0 } of sizes) {
    await own.catalog.query('UPDATE sales SET hold_seconds = ? WHERE sale_id = ?', [
      holdSeconds,
      saleId,
    ]);
    for (const shard of own.shards) {
      await shard.query(
        `UPDATE show_head h JOIN show_gate g ON g.show_id = h.show_id
         SET h.hold_seconds = ?, h.offer_seconds = ? WHERE g.sale_id = ?`,
        [holdSeconds, offerSeconds, saleId],
      );
    }
  }
  return Promise.all(sizes.map((size) => viewOf(own, size)));
}

const onSaleMsMax = 30_000;

async function viewOf(own: PrivateUsher, { saleId, shows }: SaleSize): Promise<SaleView> {
  const path = new URL(`/api/v1/sales/${saleId}`, own.url);
  const untilMs = performance.now() + onSaleMsMax;
  for (;;) {
    const { status, body } = await readJson<SaleBody>(path);
    const showIds = (body.shows ?? []).map((show) => show.show_id);
    if (status === 200 && showIds.length === shows) return { saleId, showIds };
    if (performance.now() > untilMs) throw new Error(`sale ${saleId} is not on sale: ${status}`);
    await sleep(100);
  }
}
