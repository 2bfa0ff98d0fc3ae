import { setTimeout as delay } from 'node:timers/promises';
import { assertFooting, type Footing, footing } from '../domain/footing.js';
import type { Logger } from '../runtime/log.js';
import type { Redis } from './connect.js';

const clockSkewMsMax = 1_000;

/**
 * What Redis must be like: it never evicts a place or a job, and keeps them over a restart.
 * @throws when it can't be asked at all; a server that hides its settings is taken as unsure.
 */
export async function checkRedis(redis: Redis): Promise<Footing[]> {
  const beforeMs = Date.now();
  const [seconds, micros] = await redis.time();
  const theirsMs = Number(seconds) * 1_000 + Number(micros) / 1_000;
  const skewMs = Math.round(theirsMs - (beforeMs + Date.now()) / 2);
  const policy = infoValue(await redis.info('memory'), 'maxmemory_policy');
  const appending = infoValue(await redis.info('persistence'), 'aof_enabled');
  return [
    footing(
      'Redis: eviction',
      policy === 'noeviction',
      `maxmemory-policy ${policy ?? 'is hidden'}`,
      'Set maxmemory-policy noeviction, or Redis drops places and jobs when memory is short.',
    ),
    footing(
      'Redis: append-only file',
      appending === '1',
      appending === '1' ? 'on' : 'off',
      'Set appendonly yes, or a restart of Redis empties every waiting room.',
    ),
    footing(
      'Redis: clock',
      Math.abs(skewMs) <= clockSkewMsMax,
      `${skewMs} ms from this machine`,
      'Set the clocks of both machines by NTP.',
    ),
  ];
}

function infoValue(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

const readyMsMax = 3_000;

/**
 * Asks Redis when it is there. Usher starts without it, slower and as exact, so a Redis that
 * can't be reached is only noted. @throws Error when it is there and not as the promises need it.
 */
export async function assertRedis(redis: Redis, log: Logger): Promise<void> {
  if (redis.status !== 'ready') {
    const ready = new Promise<void>((resolve) => redis.once('ready', () => resolve()));
    await Promise.race([ready, delay(readyMsMax, undefined, { ref: false })]);
  }
  let found: Footing[];
  try {
    found = await checkRedis(redis);
  } catch (error) {
    log.warn({ err: error }, 'Redis is away at the start');
    return;
  }
  assertFooting(found);
}
