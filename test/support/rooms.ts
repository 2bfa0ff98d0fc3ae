import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Gate, openGate } from '../../admission/gate.js';
import { openPace } from '../../admission/pace.js';
import { openPump, type Pump } from '../../admission/pump.js';
import { closeRedis, openRedis, type Redis } from '../../core/redis/connect.js';
import { type RedisNames, redisNames } from '../../core/redis/keys.js';
import { type Logger, openLog } from '../../core/runtime/log.js';
import { freePort } from '../../core/runtime/ports.js';
import type { Secrets } from '../../core/runtime/secrets.js';
import { openTokens, type Tokens } from '../../core/runtime/tokens.js';
import { newSeed } from '../../core/store/catalog/import-write.js';
import type { Database } from '../../core/store/database.js';
import { openTestStores, type TestStores } from './stores.js';
import { until } from './until.js';

const log = openLog('test', 'fatal');
const fanChars = '0123456789abcdefghijklmnopqrstuvwxyz';

export type SaleWish = {
  lobby?: 'arrival' | 'draw';
  standing?: boolean;
  /** From now on; negative: it has opened. */
  opensInMs?: number;
  ratePerMinute?: number;
  passCap?: number;
  passSeconds?: number;
};

/** The waiting room on real engines, with its own Redis where a test takes it away. */
export type RoomBench = {
  catalog: Database;
  redis: Redis;
  names: RedisNames;
  tokens: Tokens;
  secrets: Pick<Secrets, 'data'>;
  log: Logger;
  openGate(): Gate;
  openPump(): Pump;
  addSale(wish?: SaleWish): Promise<string>;
  addFans(count: number): Promise<string[]>;
  close(): Promise<void>;
};

export type RoomBenchOptions = {
  redisUrl?: string;
  restoreMs?: number;
  /** Stores and secrets of somebody else, who closes them. */
  on?: { stores: TestStores; secrets?: RoomSecrets };
};

type RoomSecrets = Pick<Secrets, 'session' | 'pass' | 'receipt' | 'data'>;

export async function openRoomBench(options: RoomBenchOptions = {}): Promise<RoomBench> {
  const stores = options.on?.stores ?? (await openTestStores(1));
  const key = () => [{ kid: 'k1', key: randomBytes(32) }];
  const fresh = { session: key(), pass: key(), receipt: key(), data: key() };
  const secrets: RoomSecrets = options.on?.secrets ?? fresh;
  const tokens = openTokens(secrets);
  const names = redisNames(stores.redisPrefix);
  const connections: Redis[] = [];
  const connect = (): Redis => {
    const redis = openRedis(options.redisUrl ?? stores.redisUrl, 'command', () => undefined);
    connections.push(redis);
    return redis;
  };
  const redis = connect();
  await until(() => redis.status === 'ready', { what: 'a connection to Redis' });
  const { catalog, shards } = stores;
  const shared = { redis, names, catalog, shards, tokens, secrets, log };
  const pace = openPace(shared);
  const closers: (() => Promise<void> | void)[] = [() => pace.close()];
  const restoreMs = options.restoreMs === undefined ? {} : { restoreMs: options.restoreMs };
  return {
    ...shared,
    openGate: () => {
      const gate = openGate({ ...shared, ...restoreMs });
      closers.push(() => gate.close());
      return gate;
    },
    openPump: () => {
      const pump = openPump({ ...shared, pace, ...restoreMs });
      closers.push(() => pump.close());
      return pump;
    },
    addSale: (wish) => addSale(stores.catalog, secrets, wish ?? {}),
    addFans: (count) => addFans(stores.catalog, count),
    close: async () => {
      for (const close of closers.reverse()) await close();
      for (const connection of connections) closeRedis(connection);
      if (!options.on) await stores.close();
    },
  };
}

async function addSale(
  catalog: Database,
  secrets: Pick<Secrets, 'data'>,
  wish: SaleWish,
): Promise<string> {
  const saleId = `sale-${randomBytes(4).toString('hex')}`;
  const seed = newSeed(secrets, saleId);
  await catalog.change(
    `INSERT INTO sales (sale_id, name, state, lobby, standing, opens_at, rate_per_minute, pass_cap,
       pass_seconds, seat_cap, hold_seconds, hold_limit_seconds, seed_sealed, seed_hash)
     VALUES (?, 'A premiere', 'ACTIVE', ?, ?, NOW(3) + INTERVAL ? MICROSECOND, ?, ?, ?, 10, 300,
       600, ?, ?)`,
    [
      saleId,
      wish.lobby ?? 'arrival',
      wish.standing ? 1 : 0,
      (wish.opensInMs ?? -1_000) * 1_000,
      wish.ratePerMinute ?? 60_000,
      wish.passCap ?? 1_000,
      wish.passSeconds ?? 60,
      seed.seed_sealed,
      seed.seed_hash,
    ],
  );
  return saleId;
}

async function addFans(catalog: Database, count: number): Promise<string[]> {
  const fans = Array.from({ length: count }, () =>
    Array.from({ length: 12 }, () => fanChars[randomInt(fanChars.length)]).join(''),
  );
  await catalog.change('INSERT INTO fans (fan_id, state) VALUES ?', [
    fans.map((fanId) => [fanId, 'ACTIVE']),
  ]);
  return fans;
}

export type OwnRedis = {
  url: string;
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Keeps the present files; only while stopped. */
  keepCopy(): void;
  /** Goes back to the files that were kept; only while stopped. */
  putBackCopy(): void;
  close(): Promise<void>;
};

/** A Redis that a test may empty, stop and start again without hurting the others. */
export async function startOwnRedis(): Promise<OwnRedis> {
  const home = mkdtempSync(join(tmpdir(), 'usher-own-redis-'));
  const dir = join(home, 'now');
  const copy = join(home, 'copy');
  mkdirSync(dir);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}/0`;
  const launch = () =>
    spawn(
      process.env.USHER_TEST_REDIS_SERVER ?? 'redis-server',
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        dir,
        '--save',
        '',
        '--appendonly',
        'yes',
      ],
      { stdio: 'ignore' },
    );
  let server = launch();
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    if (server.exitCode === null && server.signalCode === null) {
      server.kill(signal);
      await ended;
    }
  };
  const answers = async (): Promise<void> => {
    const probe = openRedis(url, 'command', () => undefined);
    await until(() => probe.status === 'ready', { what: 'the own Redis' });
    closeRedis(probe);
  };
  await answers();
  return {
    url,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start: async () => {
      server = launch();
      await answers();
    },
    keepCopy: () => cpSync(dir, copy, { recursive: true }),
    putBackCopy: () => {
      rmSync(dir, { recursive: true, force: true });
      cpSync(copy, dir, { recursive: true });
    },
    close: async () => {
      await end('SIGTERM');
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
