import { randomBytes } from 'node:crypto';
import { laneOf } from '../../core/store/shards.js';
import type { TestStores } from './stores.js';

export type TestShow = { showId: number; saleId: string; seats: string[]; price: number };
export type TestHold = { showId: number; reservationId: number; fanId: string; amount: number };

const price = 24_000;

/**
 * Writes a show straight into catalog and shard: an open gate, a head, and free seats `A-1…`.
 * Shards are taken in turn by the show's number.
 */
export async function seedShow(
  stores: TestStores,
  { seats = 10, startsInMs = 86_400_000, seatCap = 10 } = {},
): Promise<TestShow> {
  const { catalog, shards } = stores;
  const tag = randomBytes(5).toString('hex');
  await seedCatalog(stores, tag, seatCap);
  const startsAt = new Date(Date.now() + startsInMs);
  const ids = shards.ids();
  const shardId = ids[randomBytes(1).readUInt8() % ids.length] ?? 0;
  const { insertId: showId } = await catalog.change(
    `INSERT INTO shows (show_key, sale_id, movie_id, hall_id, shard_id, state, starts_at, currency,
       prices, price_from, seats_total, seats_free)
     VALUES (?, ?, ?, ?, ?, 'ACTIVE', ?, 'INR', '{}', ?, ?, ?)`,
    [
      `show-${tag}`,
      `sale-${tag}`,
      `movie-${tag}`,
      `hall-${tag}`,
      shardId,
      startsAt,
      price,
      seats,
      seats,
    ],
  );
  const names = Array.from({ length: seats }, (_, no) => `A-${no + 1}`);
  const shard = shards.byId(shardId);
  await shard.change(
    `INSERT INTO show_gate (show_id, sale_id, state, opens_at, closes_at)
     VALUES (?, ?, 'OPEN', NOW(3), ?)`,
    [showId, `sale-${tag}`, startsAt],
  );
  await shard.change(
    `INSERT INTO show_head (show_id, lane, starts_at, currency, seat_cap, hold_seconds,
       hold_limit_seconds) VALUES (?, ?, ?, 'INR', ?, 300, 900)`,
    [showId, laneOf(showId), startsAt, seatCap],
  );
  await shard.change(
    `INSERT INTO show_seat (show_id, seat_no, seat, row_label, row_no, x, zone, kind, price, state)
     VALUES ?`,
    [names.map((seat, no) => [showId, no, seat, 'A', 0, no, 'gold', 'standard', price, 'FREE'])],
  );
  return { showId, saleId: `sale-${tag}`, seats: names, price };
}

async function seedCatalog({ catalog }: TestStores, tag: string, seatCap: number): Promise<void> {
  await catalog.change(
    `INSERT INTO cities (city_id, name, country, time_zone, lat, lon)
     VALUES (?, 'Pune', 'IN', 'Asia/Kolkata', 18.52, 73.85)`,
    [`city-${tag}`],
  );
  await catalog.change(
    `INSERT INTO movies (movie_id, kind, title, synopsis, runtime_minutes, certificate, languages,
       genres, cast_names) VALUES (?, 'film', 'Dūr, kahīñ; door', '', 142, 'UA', '[]', '[]', '[]')`,
    [`movie-${tag}`],
  );
  await catalog.change(
    `INSERT INTO cinemas (cinema_id, city_id, name, address, postal_code, lat, lon)
     VALUES (?, ?, 'Rang Mandir', '12 Station Road, Pune', '411001', 18.52, 73.85)`,
    [`cinema-${tag}`, `city-${tag}`],
  );
  await catalog.change("INSERT INTO halls (hall_id, cinema_id, name) VALUES (?, ?, 'Screen 1')", [
    `hall-${tag}`,
    `cinema-${tag}`,
  ]);
  await catalog.change(
    `INSERT INTO sales (sale_id, name, state, lobby, standing, opens_at, rate_per_minute, pass_cap,
       pass_seconds, seat_cap, hold_seconds, hold_limit_seconds, seed_sealed, seed_hash)
     VALUES (?, 'Premiere', 'ACTIVE', 'arrival', 0, NOW(3), 600, 100, 600, ?, 300, 900, '', '')`,
    [`sale-${tag}`, seatCap],
  );
}

/**
 * Holds free seats (by ordinal) for a fan as a decided request would have: reservation, quota and
 * seats. `expiresInMs` counts from the database's clock and may be negative.
 */
export async function holdSeats(
  stores: TestStores,
  show: TestShow,
  {
    fanId = randomBytes(6).toString('hex'),
    seats = [0, 1],
    expiresInMs = 300_000,
    price: each = show.price,
    passId = randomBytes(8).toString('hex'),
  } = {},
): Promise<TestHold> {
  const shard = await stores.shards.forShow(show.showId);
  const { insertId: reservationId } = await shard.change(
    `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, state,
       decided_at) VALUES (?, ?, ?, ?, ?, 'test0000', '{}', 'GRANTED', NOW(3))`,
    [show.showId, fanId, passId, 'h'.repeat(22), passId],
  );
  const amount = each * seats.length;
  const reserved = seats.map((seatNo) => [seatNo, show.seats[seatNo] ?? '', each]);
  await shard.transaction(async (tx) => {
    const until = `NOW(3) + INTERVAL ${Math.round(expiresInMs * 1000)} MICROSECOND`;
    await tx.change(
      `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
         amount, currency, created_at, expires_at, limit_at, due_at)
       VALUES (?, ?, ?, ?, 'HELD', ?, 1, ?, 'INR', NOW(3), ${until}, NOW(3) + INTERVAL 900 SECOND,
         ${until})`,
      [show.showId, reservationId, fanId, passId, JSON.stringify(reserved), amount],
    );
    await tx.change(
      `INSERT INTO quota (show_id, fan_id, taken) VALUES (?, ?, ?)
       ON DUPLICATE KEY UPDATE taken = taken + ?`,
      [show.showId, fanId, seats.length, seats.length],
    );
    const { matched } = await tx.change(
      `UPDATE show_seat SET state = 'HELD', reservation_id = ?
       WHERE show_id = ? AND seat_no IN (?) AND state = 'FREE'`,
      [reservationId, show.showId, seats],
    );
    if (matched !== seats.length) throw new Error('a seat of the fixture is not free');
  });
  return { showId: show.showId, reservationId, fanId, amount };
}
