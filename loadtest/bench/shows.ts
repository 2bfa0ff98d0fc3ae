import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Stage } from './stage.js';

export type BenchShow = { showId: number; seats: string[] };

export const benchSale = 'bench';
const seatsPerRow = 50;
const rowsPerStatement = 2_000;

/** Makes the sale that all shows of a bench belong to: standing, so that no room is in the way. */
export async function makeSale(catalog: Connection): Promise<void> {
  await catalog.query('SET foreign_key_checks = 0');
  await catalog.query(
    `INSERT INTO sales (sale_id, name, state, lobby, standing, opens_at, rate_per_minute, pass_cap,
       pass_seconds, seat_cap, hold_seconds, hold_limit_seconds, seed_sealed, seed_hash)
     VALUES (?, 'Bench', 'ACTIVE', 'arrival', 1, NOW(3) - INTERVAL 1 HOUR, 60000, 100000, 3600, 10,
       3600, 3600, CONCAT(CHAR(5), 'bench', REPEAT('n', 40)), REPEAT('0', 64))`,
    [benchSale],
  );
}

/** Makes one show with so many free seats, straight in SQL. */
export async function makeShow(
  stage: Stage,
  showId: number,
  { seats, shardNo = 0 }: { seats: number; shardNo?: number },
): Promise<BenchShow> {
  await writeShows(stage, [showId], { seats, shardNo });
  return { showId, seats: seatNames(seats) };
}

/** Makes shows with consecutive numbers, spread over so many shards in turn. */
export async function makeShows(
  stage: Stage,
  plan: { firstId: number; count: number; seats: number; shards: number },
): Promise<BenchShow[]> {
  const { firstId, count, seats, shards } = plan;
  const ids = Array.from({ length: count }, (_, index) => firstId + index);
  for (let shardNo = 0; shardNo < shards; shardNo += 1) {
    const own = ids.filter((_, index) => index % shards === shardNo);
    if (own.length > 0) await writeShows(stage, own, { seats, shardNo });
  }
  const names = seatNames(seats);
  return ids.map((showId) => ({ showId, seats: names }));
}

async function writeShows(
  stage: Stage,
  ids: number[],
  { seats, shardNo }: { seats: number; shardNo: number },
): Promise<void> {
  const shard = stage.shards[shardNo] ?? stage.shard;
  const many = (row: string) => ids.map(() => row).join(', ');
  await stage.catalog.query(
    `INSERT INTO shows (show_id, show_key, sale_id, movie_id, hall_id, shard_id, state, starts_at,
       currency, prices, price_from, seats_total, seats_free)
     VALUES ${many("(?, ?, ?, 'bench', 'bench', ?, 'ACTIVE', NOW(3) + INTERVAL 3 DAY, 'INR', '{}', 100, ?, ?)")}`,
    ids.flatMap((id) => [id, `bench-${id}`, benchSale, shardNo + 1, seats, seats]),
  );
  await shard.query(
    `INSERT INTO show_gate (show_id, sale_id, state, opens_at, closes_at)
     VALUES ${many("(?, ?, 'OPEN', NOW(3) - INTERVAL 1 HOUR, NOW(3) + INTERVAL 3 DAY)")}`,
    ids.flatMap((id) => [id, benchSale]),
  );
  await shard.query(
    `INSERT INTO show_head (show_id, lane, starts_at, currency, seat_cap, hold_seconds, hold_limit_seconds)
     VALUES ${many("(?, ?, NOW(3) + INTERVAL 3 DAY, 'INR', 10, 3600, 3600)")}`,
    ids.flatMap((id) => [id, id % 16]),
  );
  const rows = ids.flatMap((id) => Array.from({ length: seats }, (_, no) => seatRow(id, no)));
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    await shard.query(
      `INSERT INTO show_seat (show_id, seat_no, seat, row_label, row_no, x, zone, kind, price, state)
       VALUES ?`,
      [rows.slice(start, start + rowsPerStatement)],
    );
  }
  // A table that has lived has statistics; without them the plain handler locks a whole show.
  await shard.query('ANALYZE TABLE show_seat');
}

function seatNames(seats: number): string[] {
  return Array.from({ length: seats }, (_, no) => String(seatRow(0, no)[2]));
}

function seatRow(showId: number, no: number): (string | number)[] {
  const row = Math.floor(no / seatsPerRow);
  const label = `R${row}`;
  const x = no % seatsPerRow;
  return [showId, no, `${label}-${x + 1}`, label, row, x, 'stalls', 'standard', 100, 'FREE'];
}

/** The exact count behind every figure, from SQL. */
export type Exact = {
  seats_sold: number;
  seats_sold_twice: number;
  undecided: number;
  granted: number;
};

export async function countExactly(shard: Connection): Promise<Exact> {
  const one = async (sql: string): Promise<number> => {
    const [rows] = await shard.query<RowDataPacket[]>(sql);
    return Number(rows[0]?.n ?? 0);
  };
  return {
    seats_sold: await one("SELECT COUNT(*) AS n FROM show_seat WHERE state IN ('HELD', 'BOOKED')"),
    seats_sold_twice: await one(
      `SELECT COUNT(*) AS n FROM (
         SELECT r.show_id, j.seat_no FROM reservation r,
           JSON_TABLE(r.seats, '$[*]' COLUMNS (seat_no INT PATH '$[0]')) AS j
         WHERE r.state IN ('HELD', 'PAYING', 'ENDING', 'BOOKED')
         GROUP BY r.show_id, j.seat_no HAVING COUNT(*) > 1
       ) AS twice`,
    ),
    undecided: await one("SELECT COUNT(*) AS n FROM request WHERE state = 'ACCEPTED'"),
    granted: await one('SELECT COUNT(*) AS n FROM reservation'),
  };
}
