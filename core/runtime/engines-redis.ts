// A private Redis or Valkey with an append-only file and no eviction.
import { existsSync, mkdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineLog, RedisBinary } from './engines-find.js';
import {
  askPort,
  findByFolder,
  isRunning,
  type ProcessRef,
  pause,
  processRef,
  sizeOf,
  startDetached,
  stopProcess,
  tailOf,
} from './engines-process.js';
import { freePort } from './ports.js';

export type RedisState = { port: number; password: string; process: ProcessRef | null };

export type RedisStart = {
  /** The engine's own folder; it will hold `data/`, `redis.conf` and `redis.log`. */
  dir: string;
  binary: RedisBinary;
  password: string;
  port?: number | undefined;
  /** The one of this program when left out. */
  env?: NodeJS.ProcessEnv | undefined;
  log: EngineLog;
  signal?: AbortSignal | undefined;
  onSpawn: (state: RedisState) => void;
};

export const REDIS_STOP_MS_MAX = 10_000;
const READY_MS_MAX = 60_000;
// What Redis 6 to 8 and Valkey say of an append-only file or its manifest that they can't read.
const DAMAGED =
  /fatal aof|aof manifest|reading the append only file|append log file|aof file .* doesn't exist/i;
const REDIS_WORDS = ['redis-server', 'valkey-server'];

function configText(start: RedisStart, port: number): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    'daemonize no',
    `dir "${join(start.dir, 'data')}"`,
    `requirepass ${start.password}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'tcp-backlog 511',
    '',
  ].join('\n');
}

/**
 * True when the server on this loopback port takes the password and answers a ping; a server that
 * still reads its append-only file does not.
 */
export async function redisAnswers(port: number, password: string): Promise<boolean> {
  const twoLines = (answer: Buffer) => answer.toString('latin1').split('\r\n').length > 2;
  const answer = await askPort(port, `AUTH ${password}\r\nPING\r\n`, twoLines);
  return answer?.toString('latin1').includes('+PONG') ?? false;
}

/** Stops whatever server still works on this folder, remembered or not. */
export async function stopRedisOf(dir: string, known: ProcessRef | null): Promise<number> {
  const folder = join(dir, 'data');
  const running = existsSync(folder) ? findByFolder(realpathSync(folder), REDIS_WORDS) : [];
  if (known && isRunning(known) && !running.some((ref) => ref.pid === known.pid)) {
    running.push(known);
  }
  for (const ref of running) await stopProcess(ref, REDIS_STOP_MS_MAX);
  return running.length;
}

/**
 * Starts the server on its folder and waits until it answers. A damaged append-only file is set
 * aside and the server starts empty: Redis is an index that the databases can rebuild.
 */
export async function startRedis(start: RedisStart): Promise<RedisState> {
  const started = await tryStart(start);
  if ('state' in started) return started.state;
  if (!DAMAGED.test(started.failure)) {
    throw new Error(`${start.binary.path} did not start: ${started.failure}`);
  }
  const aside = join(start.dir, `data.damaged-${Date.now()}`);
  renameSync(join(start.dir, 'data'), aside);
  start.log(`its append-only file was damaged; set aside as ${aside}, starting empty`);
  const again = await tryStart(start);
  if ('state' in again) return again.state;
  throw new Error(`${start.binary.path} did not start: ${again.failure}`);
}

async function tryStart(start: RedisStart): Promise<{ state: RedisState } | { failure: string }> {
  const dataDir = join(start.dir, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const port = await freePort(start.port);
  const configFile = join(start.dir, 'redis.conf');
  writeFileSync(configFile, configText(start, port), { mode: 0o600 });
  const logFile = join(start.dir, 'redis.log');
  const logged = sizeOf(logFile);
  const { env } = start;
  const child = startDetached(start.binary.path, [configFile], { cwd: dataDir, logFile, env });
  let failure: string | null = null;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code, signal) => {
    failure ??= `it ended with ${signal ?? `code ${code}`}`;
  });
  child.unref();
  // Redis rewrites its command line after the start; the program's name stays in it.
  const word = REDIS_WORDS.find((name) => start.binary.path.includes(name)) ?? 'server';
  const ref = child.pid === undefined ? null : processRef(child.pid, word);
  const state: RedisState = { port, password: start.password, process: ref };
  start.onSpawn(state);
  const until = Date.now() + READY_MS_MAX;
  while (!(await redisAnswers(port, start.password))) {
    start.signal?.throwIfAborted();
    if (failure !== null || Date.now() > until) {
      if (ref) await stopProcess(ref, REDIS_STOP_MS_MAX);
      const why = failure ?? `it didn't answer within ${READY_MS_MAX / 1000} s`;
      return { failure: `${why}\n${tailOf(logFile, logged)}` };
    }
    await pause(20);
  }
  return { state };
}
