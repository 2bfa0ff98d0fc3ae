import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import mysql, { type Connection } from 'mysql2/promise';
import { type Engines, startEngines } from '../../core/runtime/engines.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { programNodeOptions } from '../../core/runtime/supervisor-env.js';
import { openScratch, type Scratch } from '../stage/scratch.js';

/** What all variants of one run stand on: the same engines with the same durability. */
export type Stage = {
  engines: Engines;
  /** The first shard; `shards` has all of them. */
  shard: Connection;
  shards: Connection[];
  catalog: Connection;
  shardUrl: string;
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** One more connection to the first shard. */
  another(): Promise<Connection>;
  /** Starts a program of dist, with the bench's own Node flags, and waits for its ready line. */
  start(script: string, env?: NodeJS.ProcessEnv): Promise<Running>;
  close(): Promise<void>;
};

export type Running = {
  pid: number | undefined;
  ready: Record<string, unknown>;
  stop(): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
};

const catalogName = 'usher_bench_catalog';
const shardName = 'usher_bench_shard';
const readyMsMax = 30_000;
const stopMsMax = 10_000;

/** Opens private engines with flush at every commit and an empty, migrated schema. */
export async function openStage(binlog: boolean, shardCount = 1): Promise<Stage> {
  const scratch = await openScratch('usher-bench-');
  const dataDir = scratch.dir;
  const engines = await startEngines({
    dataDir: scratch.enginesDir,
    signal: scratch.signal,
    env: { PATH: process.env.PATH },
    databases: [catalogName, ...shardNames(shardCount)],
    binlog,
    redoLogMb: 512,
  });
  const env = stageEnv(engines, dataDir, shardCount);
  mkdirSync(join(dataDir, 'data'), { recursive: true });
  await run('cli/main.js', ['migrate', '--json'], env);
  const shardUrl = engines.mysqlUrl(shardName);
  const shards = await Promise.all(
    shardNames(shardCount).map((name) =>
      mysql.createConnection({ uri: engines.mysqlUrl(name), timezone: 'Z' }),
    ),
  );
  const [shard] = shards;
  if (!shard) throw new Error('a stage needs a shard');
  const catalog = await mysql.createConnection({
    uri: engines.mysqlUrl(catalogName),
    timezone: 'Z',
  });
  return {
    engines,
    shard,
    shards,
    catalog,
    shardUrl,
    dataDir,
    env,
    another: () => mysql.createConnection({ uri: shardUrl, timezone: 'Z' }),
    start: (script, more = {}) => startProgram(script, { ...env, ...more }, scratch),
    close: async () => {
      for (const one of shards) await one.end();
      await catalog.end();
      await engines.stop();
      scratch.remove();
    },
  };
}

function shardNames(count: number): string[] {
  return [shardName, ...Array.from({ length: count - 1 }, (_, n) => `${shardName}_${n + 2}`)];
}

function stageEnv(engines: Engines, dataDir: string, shardCount: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_OPTIONS: programNodeOptions,
    USHER_PORT: '0',
    USHER_DATA: join(dataDir, 'data'),
    USHER_MYSQL_URL: engines.mysqlUrl(catalogName),
    USHER_SHARDS: shardNames(shardCount).map(engines.mysqlUrl).join(','),
    USHER_REDIS_URL: engines.redisUrl,
    USHER_LIMITS: 'off',
    USHER_LOG_LEVEL: 'error',
    // Nothing is paid or mailed in these runs; the addresses lead nowhere.
    STRIPE_SECRET_KEY: 'sk_test_bench',
    STRIPE_WEBHOOK_SECRET: 'whsec_bench',
    STRIPE_API_BASE: 'http://127.0.0.1:9',
    USHER_SMTP_URL: 'smtp://127.0.0.1:9',
  };
}

async function startProgram(
  script: string,
  env: NodeJS.ProcessEnv,
  { adopt }: Scratch,
): Promise<Running> {
  const child = spawn(process.execPath, [...process.execArgv, join(packageRoot, 'dist', script)], {
    // Readiness is one line at level info, the rest of the log would only cost time.
    env: { ...env, USHER_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  adopt(child.pid);
  const ready = await readyLine(child, script);
  child.stdout?.resume();
  return {
    pid: child.pid,
    ready,
    stop: () => stopProgram(child),
    kill: () => stopProgram(child, 'SIGKILL'),
  };
}

function readyLine(child: ChildProcess, script: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(
      () => reject(new Error(`${script} was not ready in time`)),
      readyMsMax,
    );
    child.on('exit', (code) =>
      reject(new Error(`${script} ended with ${code}: ${text.slice(-500)}`)),
    );
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const line of text.split('\n').slice(0, -1)) {
        const entry = parseLine(line);
        if (entry?.msg !== 'ready' && entry?.msg !== 'listening') continue;
        clearTimeout(timer);
        resolve(entry);
      }
    });
  });
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function stopProgram(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
  });
}

/** Runs a program of dist to its end and returns what it printed. */
export function run(
  script: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(packageRoot, 'dist', script), ...args], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('exit', (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`${script} ended with ${code}: ${text.slice(-500)}`));
    });
    child.stdin.end(input);
  });
}
