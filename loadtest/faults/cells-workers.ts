// 3.2 The waiting room, 3.4 the lanes, 3.6 expiry.
import type { Behaviour } from '../crowd/plan.js';
import { sleep } from '../stage/programs.js';
import { type Cell, needs, slowPerMinute } from './cell.js';
import { bend, crawl, kill, pause, restart, shiftClock, start } from './doing.js';
import { withRedis } from './redis-doing.js';

const hourMs = 3_600_000;
const room = 'waiting room';
const both = ['admission', 'admission 2'] as const;

export const roomCells: Cell[] = [
  {
    name: 'pumps-killed',
    part: room,
    fault: 'both pumps are killed',
    inject: (run) => kill(run, ...both),
    holdMs: 1_500,
    heal: (run) => start(run, ...both),
    idle: needs('killed', 'started'),
  },
  {
    name: 'pumps-paused',
    part: room,
    fault: 'both pumps sleep and wake: no burst may follow',
    ratePerMinute: slowPerMinute,
    inject: async (run) => pause(run, ...both),
    holdMs: 5_000,
    longHoldMs: 30_000,
    idle: needs('paused'),
  },
  {
    name: 'pump-restarted',
    part: room,
    fault: 'the pumps are restarted one after the other',
    inject: (run) => restart(run, ...both),
    holdMs: 0,
    idle: needs('restarted'),
  },
  ...(['redis', 'mysql'] as const).map(
    (service): Cell => ({
      name: `pumps-cut-from-${service}`,
      part: room,
      fault: `both pumps are cut from ${service}`,
      ...bend(({ world }) => both.map((label) => world.wire(label, service)), 'cut'),
      holdMs: 3_000,
    }),
  ),
  {
    name: 'pump-clock-fast',
    part: room,
    fault: "one pump's clock is an hour fast",
    ratePerMinute: slowPerMinute,
    inject: (run) => shiftClock(run, 'admission', hourMs),
    holdMs: 2_000,
    heal: (run) => restart(run, 'admission'),
    idle: needs('shifted'),
  },
  {
    name: 'redis-emptied',
    part: room,
    fault: 'Redis is emptied while fans wait',
    inject: (run) =>
      withRedis(run, async (redis) => {
        await redis.flushall();
        run.note('emptied');
      }),
    holdMs: 500,
    idle: needs('emptied'),
  },
  {
    name: 'redis-emptied-twice',
    part: room,
    fault: 'Redis is emptied, and again while the room is being rebuilt',
    inject: (run) =>
      withRedis(run, async (redis) => {
        await redis.flushall();
        await sleep(700);
        await redis.flushall();
        run.note('emptied');
      }),
    holdMs: 500,
    idle: needs('emptied'),
  },
];

const lanes = 'lanes';
/** Cards that are refused, and fans too slow for the bank: processors close what these leave open. */
const needsProcessors: Partial<Behaviour> = {
  ...{ abandons: 0, releases: 0, declined: 0.3, challenged: 0.5 },
  thinkMs: [500, 4_000],
};

export const laneCells: Cell[] = [
  {
    name: 'processor-killed',
    part: lanes,
    fault: 'one of two is killed',
    inject: (run) => kill(run, 'processor'),
    holdMs: 2_000,
    heal: (run) => start(run, 'processor'),
    idle: needs('killed'),
  },
  {
    name: 'processors-killed',
    part: lanes,
    fault: 'both are killed and started again',
    inject: (run) => kill(run, 'processor', 'processor 2'),
    holdMs: 1_500,
    heal: (run) => start(run, 'processor', 'processor 2'),
    idle: needs('killed', 'started'),
  },
  {
    name: 'processors-killed-again',
    part: lanes,
    fault: 'both are killed twice, the second time while they take up what the first left',
    inject: async (run) => {
      await kill(run, 'processor', 'processor 2');
      await start(run, 'processor', 'processor 2');
      await sleep(150);
      await kill(run, 'processor', 'processor 2');
    },
    holdMs: 300,
    heal: (run) => start(run, 'processor', 'processor 2'),
    idle: needs('killed', 'started'),
  },
  {
    name: 'processor-paused',
    part: lanes,
    fault: 'one sleeps for longer than its lock and wakes beside its successor',
    inject: async (run) => pause(run, 'processor'),
    holdMs: 8_000,
    longHoldMs: 20_000,
    idle: needs('paused'),
  },
  {
    name: 'processors-restarted',
    part: lanes,
    fault: 'both are restarted one after the other',
    inject: (run) => restart(run, 'processor', 'processor 2'),
    holdMs: 0,
    idle: needs('restarted'),
  },
  {
    name: 'processor-crawling',
    part: lanes,
    fault: 'one gets a fifth of its time',
    inject: (run) => crawl(run, 'processor', 4_000),
    holdMs: 0,
    idle: needs('stopped'),
  },
  ...(['mysql', 'redis', 'provider'] as const).map(
    (service): Cell => ({
      name: `processor-cut-from-${service}`,
      part: lanes,
      fault: `one is cut from ${service}`,
      ...bend(({ world }) => [world.wire('processor', service)], 'cut', { waitMsMax: 15_000 }),
      holdMs: 3_000,
      ...(service === 'provider' ? { behaviour: needsProcessors } : {}),
    }),
  ),
  {
    name: 'processors-deaf-to-mysql',
    part: lanes,
    fault: 'their commits take effect, the answers are lost',
    ...bend(
      ({ world }) => [world.wire('processor', 'mysql'), world.wire('processor 2', 'mysql')],
      'deaf',
    ),
    holdMs: 1_500,
  },
  {
    name: 'processors-mysql-reset',
    part: lanes,
    fault: 'their connections to SQL are reset in the middle of transactions',
    inject: async ({ world, note }) => {
      for (let times = 0; times < 10; times += 1) {
        world.wire('processor', 'mysql').reset();
        world.wire('processor 2', 'mysql').reset();
        note('reset');
        await sleep(200);
      }
    },
    holdMs: 0,
    idle: needs('reset'),
  },
  {
    name: 'processor-clock-slow',
    part: lanes,
    fault: "one's clock is an hour slow",
    inject: (run) => shiftClock(run, 'processor', -hourMs),
    holdMs: 3_000,
    heal: (run) => restart(run, 'processor'),
    idle: needs('shifted'),
  },
  {
    name: 'processor-clock-fast',
    part: lanes,
    fault: "one's clock is an hour fast: no hold may end early",
    inject: (run) => shiftClock(run, 'processor', hourMs),
    holdMs: 3_000,
    heal: (run) => restart(run, 'processor'),
    idle: needs('shifted'),
  },
];

const expiry = 'expiry';

export const expiryCells: Cell[] = [
  {
    name: 'nobody-ends-holds',
    part: expiry,
    fault: 'no processor runs for longer than a hold',
    inject: async (run) => {
      await sleep(1_500);
      await kill(run, 'processor', 'processor 2');
    },
    holdMs: 5_000,
    heal: (run) => start(run, 'processor', 'processor 2'),
    behaviour: { abandons: 0.5 },
    idle: needs('killed', 'started'),
  },
  {
    name: 'paying-at-the-last-moment',
    part: expiry,
    fault: 'everybody pays when the hold ends',
    inject: async () => undefined,
    holdMs: 0,
    wholeRun: true,
    behaviour: { abandons: 0, releases: 0, thinkMs: [2_700, 3_300] },
    idle: (_run, during) => {
      const ends = during.filter((call) => call.op === 'confirm').map((call) => call.status);
      if (!ends.includes(201)) return 'nobody won the race';
      return ends.includes(410) ? undefined : 'nobody lost the race';
    },
  },
  {
    name: 'many-end-at-once',
    part: expiry,
    fault: 'everybody walks off',
    inject: async () => undefined,
    holdMs: 0,
    wholeRun: true,
    behaviour: { abandons: 1, releases: 0 },
    idle: (_run, during) =>
      during.some((call) => call.op === 'reserve' && call.status === 200)
        ? undefined
        : 'nobody held anything',
  },
];
