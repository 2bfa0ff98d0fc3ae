// One fan's whole journey, as the page makes it: join, wait, look, choose, lose, choose again, pay.
import { randomUUID } from 'node:crypto';
import { sleep } from '../stage/programs.js';
import type { Answer, Ask, Caller } from './caller.js';
import { type ClientEntry, nowMs } from './client-log.js';
import { type Line, openLine } from './line.js';
import type { Ending, Marks } from './marks.js';
import type { Behaviour, FanPlan } from './plan.js';
import type { Random } from './random.js';

export type Account = { fanId: string; token: string };
export type SaleView = { saleId: string; showIds: string[] };

/** What all fans of a run share. */
export type Crowd = {
  url: string;
  caller: Caller;
  note: (entry: ClientEntry) => void;
  marks: Marks;
  sales: SaleView[];
  behaviour: Behaviour;
  /** `room`: nobody reserves. */
  until: 'admitted' | 'paid';
  /** True once the run's time is over: fans stop where they are. */
  over(): boolean;
};

/** One fan under way. */
export type Trip = {
  crowd: Crowd;
  plan: FanPlan;
  account: Account;
  random: Random;
  sale: SaleView;
  line: Line | undefined;
  call(ask: Omit<Ask, 'fan' | 'token'>): Promise<Answer>;
  /** Calls until an answer says something: not 0, not 429 and not 503. */
  insist(ask: Omit<Ask, 'fan' | 'token'>): Promise<Answer>;
  think(): Promise<void>;
};

export type End = {
  ending: Ending;
  why?: string;
  /** The fan stands on the waitlist now. */
  hasLine?: boolean;
};

const insistMsMax = 60_000;
/** How often a waiting fan reads the shared numbers beside the own place. */
const looksAtRoom = 0.25;

export function openTrip(
  crowd: Crowd,
  { plan, account, random }: { plan: FanPlan; account: Account; random: Random },
): Trip {
  const sale = random.pick(crowd.sales);
  if (!sale) throw new Error('a crowd needs a sale');
  const call: Trip['call'] = (ask) =>
    crowd.caller.call({ ...ask, fan: account.fanId, token: account.token });
  const [thinkLeast, thinkMost] = crowd.behaviour.thinkMs;
  return {
    crowd,
    plan,
    account,
    random,
    sale,
    line: undefined,
    call,
    insist: async (ask) => {
      const untilMs = nowMs() + insistMsMax;
      for (let tries = 1; ; tries += 1) {
        const answer = await call(ask);
        const again =
          [0, 429, 500, 502, 503, 504].includes(answer.status) && answer.body.error !== 'show_full';
        if (!again || nowMs() > untilMs || crowd.over()) return answer;
        const waitMs = answer.retryAfterMs || Math.min(3_000, 100 * 2 ** tries);
        await sleep(waitMs * (0.5 + random.next()));
      }
    },
    think: () => sleep(random.whole(thinkLeast, thinkMost)),
  };
}

/** From arriving to the end; tells how long the fan waited for the pass. */
export async function travel(
  trip: Trip,
  buy: (trip: Trip, pass: string) => Promise<End>,
): Promise<void> {
  const { crowd, plan } = trip;
  crowd.marks.add('arrived');
  const end = (what: End, waitedMs: number | null) =>
    crowd.marks.end({ no: plan.no, ...what, waitedMs });
  try {
    const startMs = nowMs();
    if (plan.browses) await browse(trip);
    const pass = await waitForPass(trip);
    if (typeof pass !== 'string') return end(pass, null);
    const waitedMs = nowMs() - startMs;
    crowd.marks.add('admitted', waitedMs);
    end(crowd.until === 'admitted' ? { ending: 'left' } : await buy(trip, pass), waitedMs);
  } catch (error) {
    end({ ending: 'failed', why: (error as Error).message }, null);
  } finally {
    trip.line?.close();
  }
}

async function browse(trip: Trip): Promise<void> {
  const { sale } = trip;
  await trip.call({ op: 'movies', method: 'GET', path: '/api/v1/movies' });
  await trip.call({ op: 'sale', method: 'GET', path: `/api/v1/sales/${sale.saleId}` });
  await trip.call({ op: 'room', method: 'GET', path: `/api/v1/sales/${sale.saleId}/room` });
  await trip.think();
}

function connect(trip: Trip): void {
  const { crowd, account, plan, sale } = trip;
  if (!plan.socket) return;
  trip.line = openLine(crowd.url, { fan: account.fanId, token: account.token, note: crowd.note });
  trip.line.watch({ sale_id: sale.saleId });
}

async function waitForPass(trip: Trip): Promise<string | End> {
  const { crowd, plan, random, sale } = trip;
  const path = `/api/v1/sales/${sale.saleId}`;
  connect(trip);
  const joined = await trip.insist({ op: 'join', method: 'POST', path: `${path}/join`, body: {} });
  if (joined.status >= 300) return endOf(joined);
  crowd.marks.add('joined');
  const receipt = joined.body.receipt as string | undefined;
  let place = joined;
  let toDo = plan.drops || plan.refreshes || plan.leaves;
  while (!crowd.over()) {
    if (typeof place.body.pass === 'string') return place.body.pass;
    if (place.body.state === 'done') return { ending: 'left' };
    if (toDo && plan.leaves) {
      await trip.insist({ op: 'leave', method: 'POST', path: `${path}/leave`, body: {} });
      return { ending: 'left' };
    }
    if (toDo && (plan.drops || plan.refreshes)) await comeBack(trip);
    toDo = false;
    const waitMs = random.whole(...crowd.behaviour.pollMs);
    const pushed = trip.line
      ? await trip.line.admitted(sale.saleId, waitMs)
      : await nothing(waitMs);
    if (pushed !== undefined) return pushed;
    place = await trip.insist({ op: 'place', method: 'GET', path: `${path}/place`, receipt });
    if (place.status === 404 || place.status === 409) {
      const again = {
        op: 'join',
        method: 'POST',
        path: `${path}/join`,
        body: {},
        receipt,
      } as const;
      place = await trip.insist(again);
    }
    if (place.status >= 400) return endOf(place);
    if (place.body.state === 'waiting' && random.chance(looksAtRoom) && (await isOver(trip))) {
      return { ending: 'sold_out' };
    }
  }
  return { ending: 'out_of_time' };
}

/** Nobody waits on when the room says that nothing is left and nothing can come back. */
async function isOver({ call, sale }: Trip): Promise<boolean> {
  const path = `/api/v1/sales/${sale.saleId}/room`;
  const room = await call({ op: 'room', method: 'GET', path });
  return room.body.state === 'sold_out' || room.body.state === 'closed';
}

/** The page is loaded anew, after a while without a connection for those who lost it. */
async function comeBack(trip: Trip): Promise<void> {
  trip.line?.close();
  if (trip.plan.drops) await sleep(trip.random.whole(500, 3_000));
  connect(trip);
  const room = `/api/v1/sales/${trip.sale.saleId}/room`;
  await trip.call({ op: 'room', method: 'GET', path: room });
}

async function nothing(ms: number): Promise<undefined> {
  await sleep(ms);
  return undefined;
}

/** What a refusal means for the fan's journey. */
export function endOf(answer: Answer): End {
  const code = String(answer.body.error ?? answer.status);
  if (code === 'sold_out') return { ending: 'sold_out' };
  if (code === 'show_full') return { ending: 'sold_out', hasLine: true };
  if (answer.status === 0 || answer.status >= 500) return { ending: 'failed', why: code };
  return { ending: 'refused', why: code };
}

export const newKey = (): string => randomUUID();
