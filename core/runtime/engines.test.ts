import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.js';
import {
  type Engines,
  type StartEnginesOptions,
  startEngines,
  stopLeftEngines,
} from './engines.js';
import { EnginesMissingError, findEngines } from './engines-find.js';
import { mysqlAnswers } from './engines-mysql.js';
import { isRunning, processRef, stopProcess } from './engines-process.js';
import { redisAnswers } from './engines-redis.js';
import { freePort, nextFreePort } from './ports.js';

const dataDir = mkdtempSync(join(tmpdir(), 'usher-engines-'));
const small = { dataDir, bufferPoolMb: 64, redoLogMb: 16, databases: ['usher_one'] };

async function both(options: StartEnginesOptions = small): Promise<Engines> {
  return startEngines({ env: process.env, ...options });
}

function passwordOf(url: string): string {
  return new URL(url).password;
}

async function answer(engines: Engines): Promise<boolean> {
  const { mysql, redis } = engines;
  if (mysql === null || redis === null) return false;
  const password = passwordOf(engines.redisUrl);
  return (await mysqlAnswers(mysql.port)) && (await redisAnswers(redis.port, password));
}

function killNow(pid: number | undefined): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

afterEach(() => stopLeftEngines(dataDir));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

describe('private engines', () => {
  it('start on free ports, stop without a trace, and come back at the same addresses', async () => {
    const first = await both();
    expect(await answer(first)).toBe(true);
    const { pids } = first;
    const urls = [first.mysqlUrl('usher_one'), first.redisUrl];
    await first.stop();
    expect(first.pids).toEqual({});
    await until(() => !existsSync(`/proc/${pids.mysql}`), {
      what: 'the ended pids.mysql to be reaped',
    });
    await until(() => !existsSync(`/proc/${pids.redis}`), {
      what: 'the ended pids.redis to be reaped',
    });
    const second = await both();
    expect([second.mysqlUrl('usher_one'), second.redisUrl]).toEqual(urls);
    expect(await answer(second)).toBe(true);
  });

  it('come back at their own port although a stranger sat on it for a while', async () => {
    const engines = await both();
    const { redis } = engines;
    const port = redis?.port ?? 0;
    await redis?.stop();
    const stranger = createServer().listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    const starting = redis?.start();
    stranger.close();
    await starting;
    expect(redis?.port).toBe(port);
    expect(await answer(engines)).toBe(true);
  });

  it('are adopted when the start that made them was killed', async () => {
    const first = await both();
    const second = await both();
    expect(second.mysql?.adopted).toBe(true);
    expect(second.redis?.adopted).toBe(true);
    expect(second.pids).toEqual(first.pids);
  });

  it('are restarted, not adopted, when other settings are wanted', async () => {
    const first = await both();
    const second = await both({ ...small, binlog: true });
    expect(second.mysql?.adopted).toBe(false);
    expect(second.pids.mysql).not.toBe(first.pids.mysql);
    expect(await answer(second)).toBe(true);
  });

  it('recover after both were killed', async () => {
    const first = await both();
    killNow(first.pids.mysql);
    killNow(first.pids.redis);
    const second = await both();
    expect(second.mysql?.adopted).toBe(false);
    expect(await answer(second)).toBe(true);
  });

  it('are found by their folder when the state file is lost', async () => {
    const first = await both();
    rmSync(join(dataDir, 'engines.json'));
    const second = await both();
    expect(second.pids.mysql).not.toBe(first.pids.mysql);
    expect(existsSync(`/proc/${first.pids.mysql}`)).toBe(false);
    expect(await answer(second)).toBe(true);
  });

  it('set a damaged append-only file aside and start empty', async () => {
    const first = await both({ ...small, only: ['redis'] });
    await first.stop();
    const manifest = join(dataDir, 'redis/data/appendonlydir/appendonly.aof.manifest');
    writeFileSync(manifest, 'this is no manifest\n');
    const said: string[] = [];
    const second = await both({ ...small, only: ['redis'], log: (text) => said.push(text) });
    expect(said.join('\n')).toContain('set aside');
    expect(second.redis?.pid).toBeGreaterThan(0);
  });

  it('keep their passwords in a file that only the owner may read', async () => {
    await both({ ...small, only: ['redis'] });
    const text = readFileSync(join(dataDir, 'engines.json'), 'utf8');
    expect(JSON.parse(text).redis.password).toHaveLength(36);
  });
});

describe('finding engines', () => {
  it('prefers addresses over binaries', async () => {
    const found = await findEngines({
      USHER_MYSQL_URL: 'mysql://a@h/usher_catalog',
      USHER_SHARDS: 'mysql://a@h/usher_shard_1, mysql://a@h/usher_shard_2',
      USHER_REDIS_URL: 'redis://h',
    });
    expect(found.mysql).toEqual({
      from: 'url',
      catalogUrl: 'mysql://a@h/usher_catalog',
      shardUrls: ['mysql://a@h/usher_shard_1', 'mysql://a@h/usher_shard_2'],
    });
    expect(found.redis).toEqual({ from: 'url', url: 'redis://h' });
  });

  it('refuses half a set of database addresses', async () => {
    const asked = findEngines({ USHER_MYSQL_URL: 'mysql://a@h/usher_catalog' });
    await expect(asked).rejects.toThrow(EnginesMissingError);
  });
});

describe('processes', () => {
  it('are never signalled under a recycled id', async () => {
    const self = processRef(process.pid, 'node');
    if (self === null) throw new Error('this process is not to be found');
    expect(isRunning(self)).toBe(true);
    expect(isRunning({ ...self, startedAt: '1' })).toBe(false);
    expect(isRunning({ ...self, word: 'another program' })).toBe(false);
    expect(await stopProcess({ ...self, startedAt: '1' }, 10)).toBe('gone');
  });

  it('get a port that is free, and the next one when it is kept', async () => {
    const port = await freePort();
    expect(await freePort(port)).toBe(port);
    expect(await nextFreePort(port, new Set([port]))).toBeGreaterThan(port);
  });
});
