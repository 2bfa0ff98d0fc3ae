// `browse` and `reserve`: one kind of call as fast as it is answered.
import { type Call, fire, fireGet, type Measured } from '../bench/fire.js';
import { describeCommit, describeMachine } from '../bench/report.js';
import { sleep } from '../stage/programs.js';
import { openCaller } from './caller.js';
import type { Account } from './fan.js';
import type { Options } from './options.js';
import { play } from './scenario.js';
import { assertMayLoad, openOwn, openRunning, type Target } from './target.js';

export type SingleRow = Measured & { call: string };
export type SingleReport = {
  name: string;
  commit: string;
  machine: string;
  target: string;
  settings: Record<string, unknown>;
  rows: SingleRow[];
  verdict: { good: boolean; text: string };
};

const connections = 64;
const warmUpShare = 0.1;
const passesAtOnce = 32;
const passMsMax = 60_000;
const accountsForBrowsing = 1;
const seatsPerCall = 1;

export async function runSingle(
  options: Options,
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<SingleReport> {
  const { wish } = options;
  const reserves = wish.scenario === 'reserve';
  const fans = reserves ? wish.fans : accountsForBrowsing;
  const target = await open(options, { fans, env, say });
  try {
    const rows = reserves ? await reserve(target, say) : await browse(target, wish.fans, say);
    const failed = rows.reduce((sum, row) => sum + row.failed, 0);
    return {
      name: wish.scenario,
      commit: describeCommit(),
      machine: describeMachine(),
      target: target.name,
      settings: { ...wish, connections },
      rows,
      verdict: {
        good: failed === 0,
        text: failed === 0 ? 'Every call was answered as it should be.' : `${failed} calls failed.`,
      },
    };
  } finally {
    await target.close();
  }
}

async function open(
  options: Options,
  { fans, env, say }: { fans: number; env: NodeJS.ProcessEnv; say: (text: string) => void },
): Promise<Target> {
  const { wish } = options;
  if (options.target !== undefined) {
    const url = assertMayLoad(options.target, options.owned);
    return openRunning(url, { fans, shows: wish.shows, sales: options.sales, say });
  }
  const shows = wish.shows;
  const seats = wish.scenario === 'reserve' ? Math.ceil((fans * seatsPerCall) / shows) : wish.seats;
  const { size } = play({ ...wish, seats: Math.min(4_000, seats) });
  // Nobody waits in a standing sale, so that reserving alone is measured.
  return openOwn({ fans, sizes: [{ ...size, shows, standing: true }], env, say, signUps: 0 });
}

async function browse(
  target: Target,
  calls: number,
  say: (text: string) => void,
): Promise<SingleRow[]> {
  const [sale] = target.sales;
  const showId = sale?.showIds[0] ?? '';
  const paths = [
    '/api/v1/movies',
    `/api/v1/sales/${sale?.saleId}`,
    `/api/v1/sales/${sale?.saleId}/room`,
    `/api/v1/shows/${showId}`,
    `/api/v1/shows/${showId}/seats`,
    '/api/v1/search?keyword=a',
  ];
  const rows: SingleRow[] = [];
  for (const path of paths) {
    const amount = Math.max(100, Math.round(calls / paths.length));
    const measured = await fireGet(target.url, path, { connections, amount });
    say(`GET ${path}: ${Math.round(measured.per_second)}/s`);
    rows.push({ call: `GET ${path.replace(showId, ':id')}`, ...measured });
  }
  return rows;
}

async function reserve(target: Target, say: (text: string) => void): Promise<SingleRow[]> {
  say('fetching passes');
  const passes = await fetchPasses(target);
  const calls = passes.map(
    ({ account, pass, showId }, index): Call => ({
      headers: {
        authorization: `Bearer ${account.token}`,
        'usher-pass': pass,
        'idempotency-key': `load-${index}`,
      },
      body: JSON.stringify({ show_id: showId, quantity: seatsPerCall }),
    }),
  );
  const warmUp = Math.round(calls.length * warmUpShare);
  const measured = await fire(target.url, '/api/v1/reserve', calls, { connections, warmUp });
  return [{ call: 'POST /api/v1/reserve', ...measured }];
}

type Holder = { account: Account; pass: string; showId: string };

async function fetchPasses(target: Target): Promise<Holder[]> {
  const caller = openCaller(target.url, () => undefined);
  const shows = target.sales.flatMap(({ saleId, showIds }) =>
    showIds.map((showId) => ({ saleId, showId })),
  );
  const holders: Holder[] = [];
  const waiting = target.accounts.map((account, no) => ({ account, no }));
  const hands = Array.from({ length: passesAtOnce }, async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { account, no } = next;
      const show = shows[no % shows.length];
      if (!show) return;
      const ask = { fan: account.fanId, op: 'join', token: account.token, body: {} };
      const path = `/api/v1/sales/${show.saleId}`;
      let told = await caller.call({ ...ask, method: 'POST', path: `${path}/join` });
      const untilMs = performance.now() + passMsMax;
      while (told.body.pass === undefined && performance.now() < untilMs) {
        await sleep(told.retryAfterMs || 250);
        told = await caller.call({ ...ask, body: undefined, method: 'GET', path: `${path}/place` });
      }
      if (told.body.pass === undefined) throw new Error(`no pass: ${told.status}`);
      holders.push({ account, pass: String(told.body.pass), showId: show.showId });
    }
  });
  await Promise.all(hands);
  caller.close();
  return holders;
}
