// Private engines: one MariaDB or MySQL and one Redis on free loopback ports, with their data under
// one folder. The same module serves `usher up`, the tests and the benches.
//
// Engines run detached and remember themselves in `engines.json`, so that a killed start can be
// picked up: a server that still runs with the same settings is adopted, any other is stopped first.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EngineEnv,
  type EngineLog,
  type EnginesFound,
  ensureEngines,
  type MysqlBinary,
  type RedisBinary,
} from './engines-find.js';
import {
  MYSQL_STOP_MS_MAX,
  MYSQL_USER,
  type MysqlSettings,
  type MysqlState,
  mysqlAnswers,
  settingsDigest,
  startMysql,
  stopMysqlOf,
} from './engines-mysql.js';
import { isRunning, type ProcessRef, stopProcess } from './engines-process.js';
import {
  REDIS_STOP_MS_MAX,
  type RedisState,
  redisAnswers,
  startRedis,
  stopRedisOf,
} from './engines-redis.js';
import { samePort } from './ports.js';

export type EngineName = 'mysql' | 'redis';

export type StartEnginesOptions = {
  /** Folder for data, logs and `engines.json`; made when it is missing. */
  dataDir: string;
  /** What was found or installed before; looked up when left out. */
  found?: EnginesFound;
  /** Variables to look at (PATH and the USHER_… URLs); only PATH folders known to the system else. */
  env?: EngineEnv;
  /** What an engine's own environment is; the one of this program when left out. */
  envOf?: (engine: EngineName) => NodeJS.ProcessEnv;
  log?: EngineLog;
  /** Databases to create when they are missing; names must begin with `usher_`. */
  databases?: readonly string[];
  /** Ports to prefer; the last ones, else any free ones. */
  ports?: { mysql?: number; redis?: number };
  /** Start only these; both when left out. Engines given by URL are never started. */
  only?: readonly EngineName[];
  /** Write and sync the binary log at each commit. */
  binlog?: boolean;
  bufferPoolMb?: number;
  redoLogMb?: number;
  signal?: AbortSignal;
};

/** One private engine. `stop` and `start` keep port, password and data. */
export type Engine = {
  readonly port: number;
  readonly pid: number | null;
  /** True when it was still running from an earlier start. */
  readonly adopted: boolean;
  start(): Promise<void>;
  /** SIGTERM, then SIGKILL after `deadlineMs` (its own default when left out). */
  stop(deadlineMs?: number): Promise<void>;
};

export type Engines = {
  /** URL of one database of the private server; throws when MySQL is not ours. */
  mysqlUrl(database: string): string;
  readonly redisUrl: string;
  readonly mysql: Engine | null;
  readonly redis: Engine | null;
  readonly pids: { mysql?: number; redis?: number };
  /** Stops Redis, then MySQL, each by a deadline; nothing is left running. */
  stop(): Promise<void>;
};

export const CATALOG_DATABASE = 'usher_catalog';
export const SHARD_DATABASES = ['usher_shard_1', 'usher_shard_2'];
const STATE_FILE = 'engines.json';

type EnginesState = { mysql?: MysqlState; redis?: RedisState };

/** What `engines.json` remembers; empty when there is none. */
export function readEnginesState(dataDir: string): EnginesState {
  try {
    return JSON.parse(readFileSync(join(dataDir, STATE_FILE), 'utf8')) as EnginesState;
  } catch {
    return {};
  }
}

function saveState(dataDir: string, change: EnginesState): void {
  const file = join(dataDir, STATE_FILE);
  const text = JSON.stringify({ ...readEnginesState(dataDir), ...change }, null, 2);
  writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Starts what is not given by URL and waits until it answers. Fails with EnginesMissingError when a
 * binary is missing, else with the end of the engine's own log. On failure nothing keeps running.
 */
export async function startEngines(options: StartEnginesOptions): Promise<Engines> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  const log = options.log ?? (() => undefined);
  const found = options.found ?? (await ensureEngines(options.env ?? {}, log, options.signal));
  const wanted = options.only ?? ['mysql', 'redis'];
  const starts: Promise<Engine>[] = [];
  let mysql: (Engine & { password: string }) | null = null;
  let redis: (Engine & { password: string }) | null = null;
  if (wanted.includes('mysql') && found.mysql.from === 'binary') {
    mysql = mysqlEngine({ ...options, dataDir, log }, found.mysql.binary);
    starts.push(mysql.start().then(() => mysql as Engine));
  }
  if (wanted.includes('redis') && found.redis.from === 'binary') {
    redis = redisEngine({ ...options, dataDir, log }, found.redis.binary);
    starts.push(redis.start().then(() => redis as Engine));
  }
  const stop = async () => {
    await redis?.stop();
    await mysql?.stop();
  };
  const results = await Promise.allSettled(starts);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return assemble(found, mysql, redis, stop);
}

function assemble(
  found: EnginesFound,
  mysql: (Engine & { password: string }) | null,
  redis: (Engine & { password: string }) | null,
  stop: () => Promise<void>,
): Engines {
  return {
    mysqlUrl(database) {
      if (mysql === null) throw new Error('No private MySQL was started.');
      return `mysql://${MYSQL_USER}:${mysql.password}@127.0.0.1:${mysql.port}/${database}`;
    },
    get redisUrl() {
      if (redis !== null) return `redis://:${redis.password}@127.0.0.1:${redis.port}/0`;
      if (found.redis.from === 'url') return found.redis.url;
      throw new Error('No private Redis was started.');
    },
    mysql,
    redis,
    get pids() {
      return {
        ...(mysql?.pid ? { mysql: mysql.pid } : {}),
        ...(redis?.pid ? { redis: redis.pid } : {}),
      };
    },
    stop,
  };
}

type Prepared = StartEnginesOptions & { log: EngineLog };

function mysqlEngine(options: Prepared, binary: MysqlBinary): Engine & { password: string } {
  const { dataDir, log } = options;
  const dir = join(dataDir, 'mysql');
  const settings: MysqlSettings = {
    binlog: options.binlog ?? false,
    bufferPoolMb: options.bufferPoolMb ?? 512,
    redoLogMb: options.redoLogMb ?? 256,
  };
  const before = readEnginesState(dataDir).mysql;
  if (before && before.flavour !== binary.flavour) {
    throw new Error(
      `${dir} was made by ${before.flavour}, but ${binary.path} is ${binary.flavour}. ` +
        `Install ${before.flavour} again, or remove ${dataDir} to start empty.`,
    );
  }
  let state = before;
  let adopted = false;
  let startedPort = 0;
  const password = before?.password ?? randomBytes(18).toString('hex');
  return {
    password,
    get port() {
      return state?.port ?? 0;
    },
    get pid() {
      return livePid(state?.process);
    },
    get adopted() {
      return adopted;
    },
    async start() {
      const same = state?.settings === settingsDigest(settings, binary);
      const alive = state?.process && isRunning(state.process);
      adopted = Boolean(state && same && alive && (await mysqlAnswers(state.port)));
      if (adopted) return;
      await stopMysqlOf(dir, state?.process ?? null);
      if (state) rmSync(state.socketDir, { recursive: true, force: true });
      state = await startMysql({
        dir,
        binary,
        settings,
        databases: options.databases ?? [CATALOG_DATABASE, ...SHARD_DATABASES],
        password,
        port: startedPort ? await samePort(startedPort) : (options.ports?.mysql ?? state?.port),
        env: options.envOf?.('mysql'),
        log: (text) => log(`MySQL: ${text}`),
        signal: options.signal,
        onSpawn: (spawned) => {
          state = spawned;
          saveState(dataDir, { mysql: spawned });
        },
      });
      startedPort = state.port;
    },
    async stop(deadlineMs = MYSQL_STOP_MS_MAX) {
      if (state?.process) await stopProcess(state.process, deadlineMs);
      if (state) rmSync(state.socketDir, { recursive: true, force: true });
    },
  };
}

function redisEngine(options: Prepared, binary: RedisBinary): Engine & { password: string } {
  const { dataDir, log } = options;
  const dir = join(dataDir, 'redis');
  let state = readEnginesState(dataDir).redis;
  let adopted = false;
  let startedPort = 0;
  const password = state?.password ?? randomBytes(18).toString('hex');
  return {
    password,
    get port() {
      return state?.port ?? 0;
    },
    get pid() {
      return livePid(state?.process);
    },
    get adopted() {
      return adopted;
    },
    async start() {
      const alive = state?.process && isRunning(state.process);
      adopted = Boolean(state && alive && (await redisAnswers(state.port, password)));
      if (adopted) return;
      await stopRedisOf(dir, state?.process ?? null);
      state = await startRedis({
        dir,
        binary,
        password,
        port: startedPort ? await samePort(startedPort) : (options.ports?.redis ?? state?.port),
        env: options.envOf?.('redis'),
        log: (text) => log(`Redis: ${text}`),
        signal: options.signal,
        onSpawn: (spawned) => {
          state = spawned;
          saveState(dataDir, { redis: spawned });
        },
      });
      startedPort = state.port;
    },
    async stop(deadlineMs = REDIS_STOP_MS_MAX) {
      if (state?.process) await stopProcess(state.process, deadlineMs);
    },
  };
}

function livePid(ref: ProcessRef | null | undefined): number | null {
  return ref && isRunning(ref) ? ref.pid : null;
}

/** Stops engines that an earlier, killed start left on this folder; returns how many there were. */
export async function stopLeftEngines(dataDir: string): Promise<number> {
  const state = readEnginesState(dataDir);
  const redis = await stopRedisOf(join(dataDir, 'redis'), state.redis?.process ?? null);
  const mysql = await stopMysqlOf(join(dataDir, 'mysql'), state.mysql?.process ?? null);
  if (state.mysql) rmSync(state.mysql.socketDir, { recursive: true, force: true });
  return redis + mysql;
}
