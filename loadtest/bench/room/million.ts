// A million people in one room: what each costs, and whether anybody else feels them.
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2/promise';
import { sleep } from '../../stage/programs.js';
import { openSigners } from '../../stage/tokens.js';
import type { Running, Stage } from '../stage.js';
import { builtRoom, fanIdOf, fillRoom, keyOf, makeRoomSale, redisOf } from './rooms.js';

export type MillionSettings = { small: number; large: number; watchMs: number; lookUps: number };

/** Measures one room at two sizes, then the opening of the large one. */
export async function measureMillion(
  stage: Stage,
  api: Running,
  settings: MillionSettings,
  say: (text: string) => void,
): Promise<Record<string, number>> {
  const redis = redisOf(stage);
  const port = Number(api.ready.port);
  try {
    const sizes: Record<'small' | 'large', Figures> = {
      small: await measureSize(stage, redis, { ...settings, port, size: settings.small }),
      large: await measureSize(stage, redis, { ...settings, port, size: settings.large }),
    };
    say(`${settings.large} waiting: ${Math.round(sizes.large.bytes)} bytes each`);
    const opening = await measureOpening(stage, redis, { ...settings, port });
    say(`first pass ${opening.first_pass_ms} ms after the opening`);
    const { small, large } = sizes;
    return {
      bytes_per_fan: round(large.bytes),
      [`tick_us_at_${settings.small}`]: round(small.tickUs),
      [`tick_us_at_${settings.large}`]: round(large.tickUs),
      tick_ratio: round(large.tickUs / small.tickUs),
      [`join_p50_ms_at_${settings.small}`]: round(small.joinMs),
      [`join_p50_ms_at_${settings.large}`]: round(large.joinMs),
      join_ratio: round(large.joinMs / small.joinMs),
      opening_to_first_pass_ms: opening.first_pass_ms,
      opening_to_roster_digest_ms: opening.digest_ms,
    };
  } finally {
    redis.disconnect();
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

type Figures = { bytes: number; tickUs: number; joinMs: number };
type At = MillionSettings & { port: number; size: number };

/** An open room in which one fan is let in with every tick. */
async function measureSize(stage: Stage, redis: Redis, at: At): Promise<Figures> {
  const saleId = `size-${at.size}`;
  await makeRoomSale(stage, saleId, { ratePerMinute: 600 });
  await fetch(`http://127.0.0.1:${at.port}/api/v1/sales/${saleId}/room`);
  await builtRoom(redis, saleId);
  const before = await memoryOf(redis);
  await fillRoom(stage, redis, { saleId, from: 0, count: at.size, draw: false });
  const bytes = ((await memoryOf(redis)) - before) / at.size;
  await sleep(1_000);
  await redis.config('RESETSTAT');
  await sleep(at.watchMs);
  const stats = await redis.info('commandstats');
  // While nobody joins, the scripts that run are the pump's alone.
  const tickUs = Number(/^cmdstat_evalsha:.*usec_per_call=([0-9.]+)/m.exec(stats)?.[1] ?? 0);
  const joinMs = await joinLatency(stage, saleId, at);
  await stage.catalog.query("UPDATE sales SET state = 'CLOSED' WHERE sale_id = ?", [saleId]);
  await sleep(1_500);
  return { bytes, tickUs, joinMs };
}

async function memoryOf(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** Joins of new fans one after the other: nothing waits for anything but the room. */
async function joinLatency(stage: Stage, saleId: string, at: At): Promise<number> {
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const times: number[] = [];
  for (let no = 0; no < at.lookUps; no += 1) {
    const token = sign.session(fanIdOf(50_000_000 + no));
    const startMs = performance.now();
    const answer = await fetch(`http://127.0.0.1:${at.port}/api/v1/sales/${saleId}/join`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    await answer.arrayBuffer();
    if (answer.status !== 201) throw new Error(`a join was answered ${answer.status}`);
    times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}

const openingMsMax = 30_000;

/** A drawn lobby of a million, from its opening instant (by SQL's clock) to digest and first pass. */
async function measureOpening(
  stage: Stage,
  redis: Redis,
  at: MillionSettings & { port: number },
): Promise<{ first_pass_ms: number; digest_ms: number }> {
  const saleId = 'opening';
  await makeRoomSale(stage, saleId, { lobby: 'draw', opensInMs: 3_600_000, ratePerMinute: 6_000 });
  await fetch(`http://127.0.0.1:${at.port}/api/v1/sales/${saleId}/room`);
  await fillRoom(stage, redis, { saleId, from: 0, count: at.large, draw: true });
  await stage.catalog.query(
    `UPDATE sales SET opens_at = NOW(3) + INTERVAL 4 SECOND, version = version + 1
     WHERE sale_id = ?`,
    [saleId],
  );
  const untilMs = performance.now() + openingMsMax;
  while (performance.now() < untilMs) {
    const [rows] = await stage.catalog.query<RowDataPacket[]>(
      `SELECT TIMESTAMPDIFF(MICROSECOND, opens_at, roster_at) DIV 1000 AS digest_ms,
         (SELECT TIMESTAMPDIFF(MICROSECOND, opens_at, MIN(admitted_at)) DIV 1000
          FROM admission a WHERE a.sale_id = sales.sale_id) AS first_pass_ms
       FROM sales WHERE sale_id = ?`,
      [saleId],
    );
    const [row] = rows;
    if (row?.digest_ms != null && row.first_pass_ms != null) {
      await redis.unlink(keyOf(saleId, 'line'));
      return { first_pass_ms: Number(row.first_pass_ms), digest_ms: Number(row.digest_ms) };
    }
    await sleep(50);
  }
  throw new Error('the large room did not open');
}
