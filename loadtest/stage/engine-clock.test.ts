import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startEngines } from '../../core/runtime/engines.js';
import { CannotHere } from './cannot-here.js';
import { type EngineClocks, openEngineClocks } from './engine-clock.js';

const minuteMs = 60_000;
let dir = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'usher-clock-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('says what is missing where no clock can be moved', () => {
  expect(() => openEngineClocks(dir, '/nowhere')).toThrow(CannotHere);
  expect(() => openEngineClocks(dir, '/nowhere')).toThrow('C compiler');
});

/** Undefined on a machine that can't: the cells are idle there. */
function clocksHere(): EngineClocks | undefined {
  try {
    return openEngineClocks(dir, process.env.PATH);
  } catch (error) {
    if (error instanceof CannotHere) return undefined;
    throw error;
  }
}

it('moves the calendar of a running engine, and not its timers', async () => {
  const clocks = clocksHere();
  const engines = await startEngines({
    dataDir: join(dir, 'engines'),
    env: { PATH: process.env.PATH },
    only: ['redis'],
    ...(clocks ? { envOf: clocks.envOf } : {}),
  });
  const redis = new Redis(engines.redisUrl);
  const offMinutes = async () =>
    Math.round((Number((await redis.time())[0]) * 1_000 - Date.now()) / minuteMs) + 0;
  try {
    for (const minutes of clocks ? [30, -30, 0] : [0]) {
      clocks?.move('redis', minutes * minuteMs);
      expect(await offMinutes()).toEqual(minutes);
    }
    // A wait for something that never comes ends in its own time, not with the calendar's.
    clocks?.move('redis', 30 * minuteMs);
    expect(await redis.blpop('nothing', 0.01)).toBeNull();
  } finally {
    redis.disconnect();
    await engines.stop();
  }
});
