// Sales with waiting rooms for a bench: made in SQL, built by Usher itself, filled by its own script.
import { createCipheriv, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2/promise';
import { packageRoot } from '../../../core/runtime/paths.js';
import { sleep } from '../../stage/programs.js';
import type { Stage } from '../stage.js';

export type RoomWish = {
  lobby?: 'arrival' | 'draw';
  opensInMs?: number;
  ratePerMinute: number;
  passCap?: number;
};

/** Makes a sale with a waiting room and one show of many seats, straight in SQL. */
export async function makeRoomSale(stage: Stage, saleId: string, wish: RoomWish): Promise<void> {
  const seed = sealedSeed(stage, saleId);
  await stage.catalog.query('SET foreign_key_checks = 0');
  await stage.catalog.query(
    `INSERT INTO sales (sale_id, name, state, lobby, standing, opens_at, rate_per_minute, pass_cap,
       pass_seconds, seat_cap, hold_seconds, hold_limit_seconds, seed_sealed, seed_hash)
     VALUES (?, 'Room bench', 'ACTIVE', ?, 0, NOW(3) + INTERVAL ? MICROSECOND, ?, ?, 3600, 10, 3600,
       3600, ?, REPEAT('0', 64))`,
    [
      saleId,
      wish.lobby ?? 'arrival',
      (wish.opensInMs ?? -1_000) * 1_000,
      wish.ratePerMinute,
      wish.passCap ?? 1_000_000,
      seed,
    ],
  );
  await stage.catalog.query(
    `INSERT INTO shows (show_key, sale_id, movie_id, hall_id, shard_id, state, starts_at,
       currency, prices, price_from, seats_total, seats_free)
     VALUES (?, ?, 'bench', 'bench', 1, 'ACTIVE', NOW(3) + INTERVAL 3 DAY, 'INR', '{}', 100, ?, ?)`,
    [`show-${saleId}`, saleId, 60_000, 60_000],
  );
}

/** A seed as Usher keeps it: sealed with the data key, for this sale alone. */
function sealedSeed(stage: Stage, saleId: string): Buffer {
  const file = join(stage.dataDir, 'data', 'secrets.json');
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as {
    data: { kid: string; key: string }[];
  };
  const [entry] = data;
  if (!entry) throw new Error('the secrets file has no data key');
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(entry.key, 'base64'), nonce);
  cipher.setAAD(Buffer.from(`sales|seed|${saleId}|${entry.kid}`));
  const body = Buffer.concat([cipher.update(randomBytes(32)), cipher.final()]);
  const kid = Buffer.from(entry.kid);
  return Buffer.concat([Buffer.from([kid.length]), kid, nonce, cipher.getAuthTag(), body]);
}

export const redisOf = (stage: Stage): Redis => new Redis(stage.engines.redisUrl);

export const keyOf = (saleId: string, part: string) => `usher:{sale:${saleId}}:${part}`;

/** The join script as the waiting room runs it, by its text. */
export type JoinScript = { sha: string; keys: string[] };

export async function loadJoinScript(redis: Redis, saleId: string): Promise<JoinScript> {
  const folder = join(packageRoot, 'dist', 'admission', 'lua');
  const file = readdirSync(folder).find((name) => /^join-\d+\.lua$/.test(name));
  if (!file) throw new Error(`there is no join script in ${folder}`);
  const text = readFileSync(join(folder, file), 'utf8').replace(
    /^-- include: (\S+)$/gm,
    (_line, name: string) => readFileSync(join(folder, name), 'utf8'),
  );
  const names = [...(/^-- KEYS (.*)$/m.exec(text)?.[1]?.matchAll(/\d+ (\w+)/g) ?? [])];
  const sha = (await redis.script('LOAD', text)) as string;
  return { sha, keys: names.map(([, name = '']) => keyOf(saleId, name)) };
}

export const fanIdOf = (no: number): string => `f${no.toString(36).padStart(11, '0')}`;

/** Waits until Usher has built the room of a sale; a fan's first call makes it do so. */
export async function builtRoom(redis: Redis, saleId: string): Promise<string> {
  for (let tries = 0; tries < 600; tries += 1) {
    const ident = await redis.hget(keyOf(saleId, 'room'), 'ident');
    if (ident) return ident;
    await sleep(50);
  }
  throw new Error(`the room of ${saleId} was not built`);
}

const perCall = 250;
const callsUnderWay = 4;
/** How long a sign of life lasts, as Usher tells the script. */
const graceMs = '60000';
const graceLongMs = '240000';

/** Lets numbered fans join through the script, `perCall` of them in one call. */
export async function fillRoom(
  stage: Stage,
  redis: Redis,
  fill: { saleId: string; from: number; count: number; draw: boolean },
): Promise<{ per_second: number }> {
  const { saleId } = fill;
  const ident = await builtRoom(redis, saleId);
  const { sha, keys } = await loadJoinScript(redis, saleId);
  // The pump reserves numbers as they are used; a bench takes them faster than it looks.
  await stage.catalog.query('UPDATE sales SET seq_reserved = 10000000 WHERE sale_id = ?', [saleId]);
  await redis.hset(keyOf(saleId, 'room'), 'seq_max', '10000000');
  const args = (from: number, to: number): string[] => {
    const list = [ident, graceMs, graceLongMs];
    for (let no = from; no < to; no += 1) {
      list.push(fanIdOf(no), fill.draw ? drawnScore(no) : '', '', '');
    }
    return list;
  };
  return {
    per_second: await inCalls(fill.from, fill.count, async (from, to) => {
      const answers = (await redis.evalsha(
        sha,
        keys.length,
        ...keys,
        ...args(from, to),
      )) as string[];
      const refused = answers.find((answer) => !answer.startsWith('ok|'));
      if (refused !== undefined) throw new Error(`a join was answered ${refused}`);
    }),
  };
}

/** Spread over the 52 bits of a drawn score, by a multiplicative hash. */
function drawnScore(no: number): string {
  return ((BigInt(no + 1) * 0x9e3779b97f4a7n) % (1n << 52n)).toString();
}

/** Some calls under way at a time, each for its part of a range; things a second. */
export async function inCalls(
  from: number,
  count: number,
  call: (from: number, to: number) => Promise<unknown>,
): Promise<number> {
  const startMs = performance.now();
  let next = from;
  const end = from + count;
  await Promise.all(
    Array.from({ length: callsUnderWay }, async () => {
      while (next < end) {
        const start = next;
        next = Math.min(end, start + perCall);
        await call(start, next);
      }
    }),
  );
  return (count / (performance.now() - startMs)) * 1_000;
}

/** Admissions of a sale as SQL has them, in their order. */
export async function admissionsOf(
  stage: Stage,
  saleId: string,
): Promise<{ fanId: string; atMs: number; endMs: number }[]> {
  const [rows] = await stage.catalog.query<RowDataPacket[]>(
    `SELECT fan_id, admitted_at, COALESCE(ended_at, expires_at) AS end_at FROM admission
     WHERE sale_id = ? ORDER BY admitted_at, score`,
    [saleId],
  );
  return rows.map((row) => ({
    fanId: String(row.fan_id),
    atMs: (row.admitted_at as Date).getTime(),
    endMs: (row.end_at as Date).getTime(),
  }));
}
