// A million people in one room: what each costs, and whether anybody else feels them.
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2/promise';
import { sleep } from '../../stage/programs.js';
import { openSigners } from '../../stage/tokens.js';
import { median } from '../report.js';
import type { Running, Stage } from '../stage.js';
import { builtRoom, fanIdOf, fillRoom, keyOf, makeRoomSale, redisOf } from './rooms.js';

export type MillionSettings = {
  small: number;
  large: number;
  watchMs: number;
  /** How often each size is watched, in turns. */
  turns: number;
  lookUps: number;
};

/** Measures two rooms of different sizes in turns, then the opening of another large one. */
export async function measureMillion(
  stage: Stage,
  api: Running,
  settings: MillionSettings,
  say: (text: string) => void,
): Promise<Record<string, number>> {
  const redis = redisOf(stage);
  const port = Number(api.ready.port);
  try {
    const { small, large } = settings;
    say(`${small} and ${large} people join two rooms`);
    await fillSize(stage, redis, { port, size: small });
    const bytes = await fillSize(stage, redis, { port, size: large });
    say(`${large} wait: ${Math.round(bytes)} bytes each`);
    const ticks = await tickTimes(stage, redis, settings);
    say(`a tick: ${round(ticks[0])} µs at ${small}, ${round(ticks[1])} µs at ${large} waiting`);
    const joins = await joinLatencies(stage, { ...settings, port });
    say(`a join: ${round(joins[0])} ms at ${small}, ${round(joins[1])} ms at ${large} waiting`);
    await closeRooms(stage, [small, large]);
    const opening = await measureOpening(stage, redis, { ...settings, port }, say);
    say(
      `after the opening: first pass ${opening.first_pass_ms} ms, digest ${opening.digest_ms} ms`,
    );
    return {
      bytes_per_fan: round(bytes),
      bytes_per_fan_in_a_drawn_lobby: round(opening.bytes),
      [`tick_us_at_${small}`]: round(ticks[0]),
      [`tick_us_at_${large}`]: round(ticks[1]),
      tick_ratio: round(ticks[1] / ticks[0]),
      [`join_p50_ms_at_${small}`]: round(joins[0]),
      [`join_p50_ms_at_${large}`]: round(joins[1]),
      join_ratio: round(joins[1] / joins[0]),
      opening_to_first_pass_ms: opening.first_pass_ms,
      opening_to_roster_digest_ms: opening.digest_ms,
    };
  } finally {
    redis.disconnect();
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;
const saleOf = (size: number): string => `size-${size}`;

/** An open room of so many; one fan is let in with every tick. @returns bytes for each fan. */
async function fillSize(
  stage: Stage,
  redis: Redis,
  { port, size }: { port: number; size: number },
): Promise<number> {
  const saleId = saleOf(size);
  await makeRoomSale(stage, saleId, { ratePerMinute: 600 });
  await fetch(`http://127.0.0.1:${port}/api/v1/sales/${saleId}/room`);
  await builtRoom(redis, saleId);
  const before = await memoryOf(redis);
  await fillRoom(stage, redis, { saleId, from: 0, count: size, draw: false });
  return ((await memoryOf(redis)) - before) / size;
}

/**
 * Time of a tick in either room, in turns, since the machine does other things as well. Only the
 * room that is watched is ticked, and while nobody joins, no scripts run but the pump's.
 */
async function tickTimes(
  stage: Stage,
  redis: Redis,
  { small, large, turns, watchMs }: MillionSettings,
): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [at, size] of [small, large].entries()) {
      await closeRooms(stage, [small, large]);
      await stage.catalog.query("UPDATE sales SET state = 'ACTIVE' WHERE sale_id = ?", [
        saleOf(size),
      ]);
      await sleep(listedMs);
      await redis.config('RESETSTAT');
      await sleep(watchMs / turns);
      const stats = await redis.info('commandstats');
      const took = Number(/^cmdstat_evalsha:.*usec_per_call=([0-9.]+)/m.exec(stats)?.[1] ?? 0);
      if (took > 0) times[at]?.push(took);
    }
  }
  return [median(times[0]), median(times[1])];
}

/** A pump lists the rooms that it ticks once a second. */
const listedMs = 2_500;

/** Ends the ticks of rooms; who joins them is served as before. */
async function closeRooms(stage: Stage, sizes: number[]): Promise<void> {
  await stage.catalog.query("UPDATE sales SET state = 'CLOSED' WHERE sale_id IN (?)", [
    sizes.map(saleOf),
  ]);
}

async function memoryOf(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** Joins of new fans one after the other, in turns to either room; the middle one's time. */
async function joinLatencies(
  stage: Stage,
  { small, large, lookUps, port }: MillionSettings & { port: number },
): Promise<[number, number]> {
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const times: [number[], number[]] = [[], []];
  for (let no = 0; no < lookUps; no += 1) {
    for (const [at, size] of [small, large].entries()) {
      const token = sign.session(fanIdOf(50_000_000 + no * 2 + at));
      const startMs = performance.now();
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/sales/${saleOf(size)}/join`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{}',
      });
      await answer.arrayBuffer();
      if (answer.status !== 201) throw new Error(`a join was answered ${answer.status}`);
      times[at]?.push(performance.now() - startMs);
    }
  }
  return [median(times[0]), median(times[1])];
}

const openingMsMax = 30_000;

/** A drawn lobby of a million, from its opening instant (by SQL's clock) to digest and first pass. */
async function measureOpening(
  stage: Stage,
  redis: Redis,
  at: MillionSettings & { port: number },
  say: (text: string) => void,
): Promise<{ first_pass_ms: number; digest_ms: number; bytes: number }> {
  const saleId = 'opening';
  await makeRoomSale(stage, saleId, { lobby: 'draw', opensInMs: 3_600_000, ratePerMinute: 6_000 });
  await fetch(`http://127.0.0.1:${at.port}/api/v1/sales/${saleId}/room`);
  await builtRoom(redis, saleId);
  const before = await memoryOf(redis);
  await fillRoom(stage, redis, { saleId, from: 0, count: at.large, draw: true });
  const bytes = ((await memoryOf(redis)) - before) / at.large;
  say(`${at.large} in a drawn lobby: ${Math.round(bytes)} bytes each`);
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
      return { first_pass_ms: Number(row.first_pass_ms), digest_ms: Number(row.digest_ms), bytes };
    }
    await sleep(50);
  }
  throw new Error('the large room did not open');
}
