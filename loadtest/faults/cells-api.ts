// 3.1 The HTTP API, and what fans and pages see of it (3.8).
import { randomUUID } from 'node:crypto';
import { openCaller } from '../crowd/caller.js';
import { makeAccounts } from '../crowd/target.js';
import { sleep } from '../stage/programs.js';
import { readJson } from '../stage/read-json.js';
import { type Cell, type FaultRun, needs } from './cell.js';
import { bend, crawl, kill, noteUnready, pause, restart, shiftClock, start } from './doing.js';

const part = 'HTTP API';
const tenMinutesMs = 600_000;

/** One fan asks the same thing a hundred times at once; all answers must be one. */
async function askAHundredTimes({ world, note }: FaultRun): Promise<void> {
  const [account] = await makeAccounts(world.usher, { fans: 1, signUps: 0 });
  if (!account) return;
  const caller = openCaller(world.url, () => undefined);
  const ask = { fan: account.fanId, token: account.token, op: 'join' };
  const join = { ...ask, method: 'POST', path: '/api/v1/sales/desk/join', body: {} } as const;
  const pass = String((await caller.call(join)).body.pass);
  const { body: sale } = await readJson<{ shows: { show_id: string }[] }>(
    new URL('/api/v1/sales/desk', world.usher.url),
  );
  const body = { show_id: sale.shows[0]?.show_id, quantity: 1 };
  const key = randomUUID();
  const reserve = {
    ...ask,
    op: 'reserve',
    method: 'POST',
    path: '/api/v1/reserve',
    pass,
    key,
    body,
  } as const;
  const answers = await Promise.all(Array.from({ length: 100 }, () => caller.call(reserve)));
  const told = new Set(
    answers.filter(({ status }) => status === 200).map((one) => String(one.body.reservation_id)),
  );
  caller.close();
  if (told.size > 1) throw new Error(`one key won ${told.size} reservations`);
  if (told.size === 1) note('one answer');
}

export const apiCells: Cell[] = [
  {
    name: 'api-killed',
    part,
    fault: 'kill -9, started again after a second',
    inject: (run) => kill(run, 'api'),
    holdMs: 1_000,
    heal: (run) => start(run, 'api'),
    idle: needs('killed', 'started'),
  },
  {
    name: 'api-paused',
    part,
    fault: 'stopped and woken again',
    inject: async (run) => pause(run, 'api'),
    holdMs: 4_000,
    longHoldMs: 30_000,
    idle: needs('paused'),
  },
  {
    name: 'api-restarted',
    part,
    fault: 'restarted as by a deploy',
    inject: (run) => restart(run, 'api'),
    holdMs: 0,
    idle: needs('restarted'),
  },
  {
    name: 'api-crawling',
    part,
    fault: 'gets a fifth of its time',
    inject: (run) => crawl(run, 'api', 3_000),
    holdMs: 0,
    idle: needs('stopped'),
  },
  ...(['mysql', 'redis', 'provider'] as const).map(
    (service): Cell => ({
      name: `api-cut-from-${service}`,
      part,
      fault: `cut from ${service}`,
      ...bend(({ world }) => [world.wire('api', service)], 'cut'),
      holdMs: service === 'provider' ? 5_000 : 3_000,
    }),
  ),
  ...(['mysql', 'redis'] as const).map(
    (service): Cell => ({
      name: `api-hole-to-${service}`,
      part,
      fault: `${service} accepts and stays silent`,
      ...bend(({ world }) => [world.wire('api', service)], 'hole'),
      holdMs: 3_000,
    }),
  ),
  {
    name: 'api-deaf-to-mysql',
    part,
    fault: 'its statements take effect, their answers are lost',
    ...bend(({ world }) => [world.wire('api', 'mysql')], 'deaf'),
    holdMs: 1_500,
  },
  {
    name: 'api-mysql-reset',
    part,
    fault: 'its connections to SQL are reset again and again',
    inject: async ({ world, note }) => {
      for (let times = 0; times < 8; times += 1) {
        world.wire('api', 'mysql').reset();
        note('reset');
        await sleep(250);
      }
    },
    holdMs: 0,
    idle: needs('reset'),
  },
  ...([tenMinutesMs, -tenMinutesMs] as const).map(
    (byMs): Cell => ({
      name: byMs > 0 ? 'api-clock-fast' : 'api-clock-slow',
      part,
      fault: `its clock is ten minutes ${byMs > 0 ? 'fast' : 'slow'}`,
      inject: async (run) => {
        await shiftClock(run, 'api', byMs);
        await noteUnready(run);
      },
      holdMs: 2_000,
      heal: (run) => restart(run, 'api'),
      idle: needs('shifted', 'unready'),
    }),
  ),
  {
    name: 'same-call-100-times',
    part,
    fault: 'one fan sends the same reserve call a hundred times at once',
    inject: askAHundredTimes,
    holdMs: 0,
    behaviour: { doubles: 1 },
    idle: needs('one answer'),
  },
];

const pages = 'push, mail and tickets';

export const pageCells: Cell[] = [
  {
    name: 'fans-cut-off',
    part: pages,
    fault: "all fans' connections are cut",
    ...bend(({ world }) => [world.front], 'cut'),
    holdMs: 2_000,
    behaviour: { sockets: 1 },
  },
  {
    name: 'answers-to-fans-lost',
    part: pages,
    fault: 'calls of fans take effect, the answers are lost',
    ...bend(({ world }) => [world.front], 'deaf'),
    holdMs: 1_500,
  },
  {
    name: 'fans-half-closed',
    part: pages,
    fault: 'one side of every connection of fans is ended',
    inject: async ({ world, note }) => {
      for (let times = 0; times < 4; times += 1) {
        world.front.halfClose();
        note('half');
        await sleep(400);
      }
    },
    holdMs: 0,
    behaviour: { sockets: 1 },
    idle: needs('half'),
  },
  {
    name: 'fans-slow',
    part: pages,
    fault: '300 ms each way between fans and Usher',
    ...bend(({ world }) => [world.front], 'slow', { delayMs: 300 }),
    holdMs: 3_000,
  },
  {
    name: 'fans-trickle',
    part: pages,
    fault: 'fans get a few bytes at a time',
    ...bend(({ world }) => [world.front], 'trickle'),
    holdMs: 2_000,
  },
  {
    name: 'mailbox-down',
    part: pages,
    fault: 'the mail server is away',
    inject: (run) => kill(run, 'mailbox'),
    holdMs: 3_000,
    heal: (run) => start(run, 'mailbox'),
    idle: needs('killed'),
  },
  {
    name: 'mail-slow',
    part: pages,
    fault: 'the mail server takes half a second for each step',
    ...bend(({ world }) => mailWires(world), 'slow', { delayMs: 500, waitMsMax: 15_000 }),
    holdMs: 6_000,
    mailed: 20,
  },
  {
    name: 'mail-taken-unanswered',
    part: pages,
    fault: 'mails are taken, the answer is lost',
    ...bend(({ world }) => mailWires(world), 'deaf', { after: '\r\n.\r\n', waitMsMax: 15_000 }),
    holdMs: 4_000,
    mailed: 20,
  },
];

const mailWires = (world: FaultRun['world']) => [
  world.wire('processor', 'smtp'),
  world.wire('processor 2', 'smtp'),
];
