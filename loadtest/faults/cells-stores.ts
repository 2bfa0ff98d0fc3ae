// 3.3 Redis, 3.5 SQL.
import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../stage/programs.js';
import { type Cell, type FaultRun, needs } from './cell.js';
import { bend, endEngine, startEngine } from './doing.js';
import { forgetJobs, wakeAtRandom, withRedis } from './redis-doing.js';
import { deadlockStorm, holdRows, killConnections } from './sql-doing.js';

const redisPart = 'Redis';
const cutBytes = 2_000;

function aofFolder({ world }: FaultRun): string {
  return join(world.usher.dataDir, 'engines', 'redis', 'data', 'appendonlydir');
}

/** Redis comes back as a replica that lagged behind would: without its last seconds. */
async function loseSeconds(run: FaultRun): Promise<void> {
  const copy = join(run.world.usher.dataDir, 'lagging');
  rmSync(copy, { recursive: true, force: true });
  cpSync(aofFolder(run), copy, { recursive: true });
  await sleep(1_200);
  await endEngine(run, 'redis', 'SIGKILL');
  rmSync(aofFolder(run), { recursive: true, force: true });
  cpSync(copy, aofFolder(run), { recursive: true });
  run.note('lost');
}

/** Redis comes back without the end of its append-only file. */
async function cutTail(run: FaultRun): Promise<void> {
  await endEngine(run, 'redis', 'SIGKILL');
  const folder = aofFolder(run);
  const name = readdirSync(folder).find((file) => file.endsWith('.incr.aof'));
  if (name === undefined) return;
  const path = join(folder, name);
  truncateSync(path, Math.max(0, statSync(path).size - cutBytes));
  run.note('lost');
}

function pauseEngine({ world, note }: FaultRun, name: 'mysql' | 'redis'): void {
  const pid = world.usher.engines[name]?.pid;
  if (pid) process.kill(pid, 'SIGSTOP');
  if (pid) note('paused');
}

export const redisCells: Cell[] = [
  ...(['SIGKILL', 'SIGTERM'] as const).map(
    (signal): Cell => ({
      name: signal === 'SIGKILL' ? 'redis-killed' : 'redis-restarted',
      part: redisPart,
      fault: `ended by ${signal} and started again`,
      inject: (run) => endEngine(run, 'redis', signal),
      holdMs: 1_500,
      heal: (run) => startEngine(run, 'redis'),
      idle: needs('ended'),
    }),
  ),
  {
    name: 'redis-paused',
    part: redisPart,
    fault: 'sleeps and wakes',
    inject: async (run) => pauseEngine(run, 'redis'),
    holdMs: 4_000,
    longHoldMs: 60_000,
    idle: needs('paused'),
  },
  {
    name: 'redis-lagging-replica',
    part: redisPart,
    fault: 'replaced by a copy that lags a second behind',
    inject: loseSeconds,
    holdMs: 0,
    heal: (run) => startEngine(run, 'redis'),
    idle: needs('lost'),
  },
  {
    name: 'redis-tail-lost',
    part: redisPart,
    fault: 'the end of its append-only file is lost',
    inject: cutTail,
    holdMs: 0,
    heal: (run) => startEngine(run, 'redis'),
    idle: needs('lost'),
  },
  {
    name: 'redis-cut',
    part: redisPart,
    fault: 'cut from everybody',
    ...bend(({ world }) => world.wiresTo('redis'), 'cut'),
    holdMs: 3_000,
  },
  {
    name: 'redis-slow',
    part: redisPart,
    fault: '250 ms for each piece each way',
    ...bend(({ world }) => world.wiresTo('redis'), 'slow', { delayMs: 250 }),
    holdMs: 4_000,
  },
  {
    name: 'redis-full',
    part: redisPart,
    fault: 'its memory is full',
    inject: (run) =>
      withRedis(run, async (redis) => {
        await redis.config('SET', 'maxmemory', '1mb');
        const refused = await redis.set('faults:probe', '1').then(
          () => false,
          (error: Error) => error.message.includes('OOM'),
        );
        if (refused) run.note('full');
      }),
    holdMs: 3_000,
    heal: (run) =>
      withRedis(run, (redis) => redis.config('SET', 'maxmemory', '0')).then(() => undefined),
    idle: needs('full'),
  },
  {
    name: 'jobs-doubled-and-shuffled',
    part: redisPart,
    fault: 'hundreds of wake-ups for any lane at any time',
    inject: (run) => wakeAtRandom(run, 400),
    holdMs: 0,
    idle: needs('woken'),
  },
  {
    name: 'jobs-lost',
    part: redisPart,
    fault: 'all wake-ups are forgotten again and again',
    inject: async (run) => {
      for (let times = 0; times < 10; times += 1) {
        await forgetJobs(run);
        await sleep(250);
      }
    },
    holdMs: 0,
    idle: needs('forgotten'),
  },
];

const sqlPart = 'SQL';

export const sqlCells: Cell[] = [
  ...(['SIGKILL', 'SIGTERM'] as const).map(
    (signal): Cell => ({
      name: signal === 'SIGKILL' ? 'mysql-killed' : 'mysql-restarted',
      part: sqlPart,
      fault: `ended by ${signal} and started again`,
      inject: (run) => endEngine(run, 'mysql', signal),
      holdMs: 500,
      heal: (run) => startEngine(run, 'mysql'),
      idle: needs('ended'),
    }),
  ),
  {
    name: 'mysql-paused',
    part: sqlPart,
    fault: 'sleeps and wakes',
    inject: async (run) => pauseEngine(run, 'mysql'),
    holdMs: 4_000,
    longHoldMs: 30_000,
    idle: needs('paused'),
  },
  {
    name: 'mysql-slow',
    part: sqlPart,
    fault: '50 ms for each statement each way',
    ...bend(({ world }) => world.wiresTo('mysql'), 'slow', { delayMs: 50 }),
    holdMs: 4_000,
  },
  {
    name: 'mysql-cut',
    part: sqlPart,
    fault: 'cut from everybody',
    ...bend(({ world }) => world.wiresTo('mysql'), 'cut'),
    holdMs: 3_000,
  },
  {
    name: 'mysql-deaf',
    part: sqlPart,
    fault: 'every statement takes effect and no answer comes',
    ...bend(({ world }) => world.wiresTo('mysql'), 'deaf'),
    holdMs: 1_500,
  },
  {
    name: 'deadlock-storm',
    part: sqlPart,
    fault: 'others lock the same rows in the opposite order',
    inject: (run) => deadlockStorm(run, 3_000),
    holdMs: 0,
    idle: needs('locked'),
  },
  {
    name: 'rows-held',
    part: sqlPart,
    fault: "somebody holds every head's lock past the lock wait",
    inject: (run) => holdRows(run, 3_000),
    holdMs: 0,
    idle: needs('held'),
  },
  {
    name: 'connections-killed',
    part: sqlPart,
    fault: 'the server ends connections at random, also during commits',
    inject: (run) => killConnections(run, 3_000),
    holdMs: 0,
    idle: needs('killed'),
  },
];
