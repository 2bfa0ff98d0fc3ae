import { sleep } from '../stage/programs.js';
import { buy } from './buy.js';
import { openCaller } from './caller.js';
import { type ClientLog, nowMs, openClientLog } from './client-log.js';
import { type Account, type Crowd, openTrip, type SaleView, travel } from './fan.js';
import { type Marks, openMarks } from './marks.js';
import { type ArrivalPlan, type Behaviour, drawFans } from './plan.js';
import { randomOf } from './random.js';

export type CrowdOptions = {
  url: string;
  arrivals: ArrivalPlan;
  behaviour: Behaviour;
  sales: SaleView[];
  accounts: Account[];
  until: 'admitted' | 'paid';
  /** The run ends here, wherever its fans are. */
  msMax: number;
  /** Asked again and again: true ends the run, as the end of its time does. */
  stop?: () => boolean;
  /** Called about once a second. */
  progress?: (sample: Sample) => void;
};

/** The state of the run and of its rooms at one moment. */
export type Sample = {
  atMs: number;
  under_way: number;
  open_calls: number;
  waiting: number;
  seats_left: number;
};

export type CrowdResult = { log: ClientLog; marks: Marks; samples: Sample[]; ms: number };

const sampleEveryMs = 1_000;

/** Lets a crowd loose on an Usher. Fans set out by the schedule, whoever still waits. */
export async function runCrowd(options: CrowdOptions): Promise<CrowdResult> {
  const log = openClientLog();
  const caller = openCaller(options.url, log.add);
  const startMs = nowMs();
  const marks = openMarks(startMs);
  const crowd: Crowd = {
    url: options.url,
    caller,
    note: log.add,
    marks,
    sales: options.sales,
    behaviour: options.behaviour,
    until: options.until,
    over: () => nowMs() - startMs > options.msMax || options.stop?.() === true,
  };
  const watch = watchRooms(options, crowd, startMs);
  const trips: Promise<void>[] = [];
  for (const plan of drawFans(options.arrivals, options.behaviour)) {
    const account = options.accounts[plan.no];
    if (!account) throw new Error(`fan ${plan.no} has no account`);
    const dueMs = startMs + plan.arrivesMs;
    if (dueMs > nowMs() + 1) await sleep(dueMs - nowMs());
    if (crowd.over()) break;
    marks.lateMs.push(Math.max(0, nowMs() - dueMs));
    const random = randomOf(`${options.arrivals.seed} journey ${plan.no}`);
    trips.push(travel(openTrip(crowd, { plan, account, random }), buy));
  }
  await Promise.all(trips);
  const samples = await watch.end();
  caller.close();
  return { log, marks, samples, ms: nowMs() - startMs };
}

function watchRooms(options: CrowdOptions, crowd: Crowd, startMs: number) {
  const samples: Sample[] = [];
  const caller = openCaller(options.url, () => undefined);
  let ended = false;
  const take = async (): Promise<void> => {
    const rooms = await Promise.all(
      options.sales.map(({ saleId }) =>
        caller.call({ fan: '', op: 'room', method: 'GET', path: `/api/v1/sales/${saleId}/room` }),
      ),
    );
    const sum = (name: string) =>
      rooms.reduce((total, room) => total + (Number(room.body[name]) || 0), 0);
    const { marks } = crowd.marks;
    const count = (kind: string) => marks.filter((mark) => mark.kind === kind).length;
    const sample = {
      atMs: nowMs() - startMs,
      under_way: count('arrived') - count('ended'),
      open_calls: crowd.caller.open(),
      waiting: sum('waiting'),
      seats_left: sum('seats_left'),
    };
    samples.push(sample);
    options.progress?.(sample);
  };
  const loop = (async () => {
    while (!ended) {
      await take();
      for (let ms = 0; ms < sampleEveryMs && !ended; ms += 50) await sleep(50);
    }
    await take();
  })();
  return {
    end: async (): Promise<Sample[]> => {
      ended = true;
      await loop;
      caller.close();
      return samples;
    },
  };
}
