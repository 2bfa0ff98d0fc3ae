// 3.7 The provider and its webhooks, and several faults at once.
import { sleep } from '../stage/programs.js';
import { type Cell, type FaultRun, needs } from './cell.js';
import { bend, endEngine, kill, pause, start, startEngine } from './doing.js';
import { replayEvents, sendStaleEvent } from './webhook-doing.js';

const part = 'provider';

const paid: Cell['idle'] = (_run, during) =>
  during.some((call) => call.op === 'confirm') ? undefined : 'nobody paid meanwhile';

/** Of those who answer their bank and close the page only events and the reconciler tell. */
const needsEvents = { abandons: 0, releases: 0, challenged: 0.5, closesPage: 0.5 };

function misbehaving(name: string, fault: string, faults: Record<string, unknown>): Cell {
  return {
    name,
    part,
    fault,
    inject: ({ world }) => world.provider(faults),
    holdMs: 4_000,
    idle: paid,
    behaviour: 'webhooks' in faults ? needsEvents : { abandons: 0, releases: 0 },
  };
}

export const moneyCells: Cell[] = [
  misbehaving('provider-no-answer', 'takes effect and cuts the connection', { no_answer: 12 }),
  misbehaving('provider-500-after', 'takes effect and answers 500', { error_500_after_effect: 12 }),
  misbehaving('provider-500-before', 'answers 500 without effect', { error_500_before_effect: 12 }),
  misbehaving('provider-limits', 'refuses with 429', { rate_limited: 20 }),
  misbehaving('provider-slow', 'takes two seconds before each effect', { slow_ms: 2_000 }),
  misbehaving('provider-slow-answers', 'answers two seconds after each effect', {
    slow_answer_ms: 2_000,
  }),
  misbehaving('webhooks-off', 'sends no event at all', { webhooks: 'off' }),
  misbehaving('webhooks-doubled', 'sends every event twice at once', { webhooks: 'doubled' }),
  misbehaving('webhooks-late', 'sends events three seconds late and out of order', {
    webhooks: 'delayed',
    webhook_delay_ms: 3_000,
  }),
  {
    name: 'provider-down',
    part,
    fault: 'is away',
    inject: (run) => kill(run, 'sandbox'),
    holdMs: 3_000,
    heal: (run) => start(run, 'sandbox'),
    idle: needs('killed', 'started'),
  },
  {
    name: 'provider-deaf',
    part,
    fault: 'calls reach it and take effect, its answers are lost',
    ...bend(({ world }) => world.wiresTo('provider'), 'deaf'),
    holdMs: 2_000,
    behaviour: { abandons: 0, releases: 0 },
  },
  {
    name: 'webhooks-cut',
    part,
    fault: 'its events find no way to us',
    ...bend(({ world }) => [world.webhook], 'cut'),
    holdMs: 4_000,
    behaviour: needsEvents,
  },
  {
    name: 'event-100-times',
    part,
    fault: 'one event comes a hundred times at once, and all old ones again in any order',
    inject: async (run) => {
      await sleep(1_500);
      await replayEvents(run, 100);
    },
    holdMs: 500,
    idle: needs('replayed', 'taken'),
    behaviour: { abandons: 0, releases: 0 },
  },
  {
    name: 'event-with-an-old-stamp',
    part,
    fault: 'events are signed an hour ago, or by somebody else',
    inject: (run) => sendStaleEvent(run),
    holdMs: 0,
    idle: needs('refused'),
  },
  {
    name: 'receiver-killed',
    part,
    fault: 'the api is killed while events arrive',
    inject: async (run) => {
      await run.world.provider({ webhooks: 'doubled' });
      await sleep(700);
      await kill(run, 'api');
    },
    holdMs: 500,
    heal: (run) => start(run, 'api'),
    idle: needs('killed', 'started'),
    behaviour: { abandons: 0, releases: 0 },
  },
  {
    name: 'everybody-asked-for-3-d-secure',
    part,
    fault: 'every card asks, and half of the fans are slower than the hold',
    inject: async () => undefined,
    holdMs: 0,
    wholeRun: true,
    behaviour: { challenged: 1, declined: 0, abandons: 0, releases: 0, thinkMs: [500, 5_000] },
    idle: (_run, during) =>
      during.some((call) => call.told.status === 'requires_action')
        ? undefined
        : 'nobody was asked',
  },
  {
    name: 'everybody-declined',
    part,
    fault: 'every card is declined at first',
    inject: async () => undefined,
    holdMs: 0,
    wholeRun: true,
    behaviour: { declined: 1, challenged: 0, abandons: 0, releases: 0 },
    idle: (_run, during) =>
      during.some((call) => call.status === 402) ? undefined : 'nobody was declined',
  },
];

async function everything(run: FaultRun): Promise<void> {
  const { world } = run;
  await world.provider({ no_answer: 5, webhooks: 'delayed', webhook_delay_ms: 2_000 });
  pause(run, 'processor');
  await kill(run, 'api', 'admission');
  await endEngine(run, 'redis', 'SIGKILL');
  world.wire('processor 2', 'mysql').reset();
}

export const manyCells: Cell[] = [
  {
    name: 'all-at-once',
    part: 'many',
    fault: 'api and a pump killed, Redis killed, a processor asleep, the provider silent',
    inject: everything,
    holdMs: 2_500,
    heal: async (run) => {
      await startEngine(run, 'redis');
      await start(run, 'api', 'admission');
    },
    idle: needs('killed', 'ended', 'paused'),
  },
  {
    name: 'everything-killed',
    part: 'many',
    fault: 'every program and both engines are killed in one moment',
    inject: async (run) => {
      const programs = run.world.usher.programs.filter(({ name }) => name !== 'mailbox');
      await Promise.all(programs.map((program) => program.end('SIGKILL')));
      run.note('killed', programs.length);
      await endEngine(run, 'redis', 'SIGKILL');
      await endEngine(run, 'mysql', 'SIGKILL');
    },
    holdMs: 500,
    heal: async (run) => {
      await Promise.all([startEngine(run, 'mysql'), startEngine(run, 'redis')]);
    },
    idle: needs('killed', 'ended'),
  },
];
