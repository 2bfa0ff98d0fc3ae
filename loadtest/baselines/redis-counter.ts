import express from 'express';
import { Redis } from 'ioredis';
import mysql, { type RowDataPacket } from 'mysql2/promise';

/**
 * The fast design of many write-ups: a script in Redis takes the seats and answers at once, a loop
 * writes what was taken to SQL afterwards. The append-only file syncs each second, as Usher's own
 * Redis does. It stands alone on purpose: nothing here is shared with what it is compared to.
 */
type Body = { show_id: number; fan_id: string; request_no: number; seats: string[] };
type SeatRow = RowDataPacket & { seat_no: number; seat: string; price: number };
type Hold = Body & { expires_at: number };

/** KEYS: taken seats of the show, list of what is to be written. ARGV: the hold, then the seats. */
const take = `
for at = 2, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[at]) == 1 then return 0 end
end
for at = 2, #ARGV do redis.call('SADD', KEYS[1], ARGV[at]) end
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1`;

const holdMs = 300_000;
const rowsPerWrite = 200;
const prefix = process.env.BASELINE_PREFIX ?? 'counter';
const redis = new Redis(process.env.BASELINE_REDIS_URL ?? '');
const pool = mysql.createPool({
  uri: process.env.BASELINE_SHARD_URL ?? '',
  connectionLimit: 4,
  timezone: 'Z',
});
const queue = `${prefix}:writes`;
const app = express();
app.use(express.json());

app.post('/book', async (req, res) => {
  const body = req.body as Body;
  const hold: Hold = { ...body, expires_at: Date.now() + holdMs };
  const taken = `${prefix}:taken:${body.show_id}`;
  const won = await redis.eval(take, 2, taken, queue, JSON.stringify(hold), ...body.seats);
  if (won === 1) res.json({ reservation_id: body.request_no, seats: body.seats });
  else res.status(409).json({ error: 'seats_taken' });
});

/** Writes what Redis has promised; what it pops and cannot write any more is lost. */
async function write(): Promise<boolean> {
  const texts = await redis.lpop(queue, rowsPerWrite);
  if (!texts || texts.length === 0) return false;
  const holds = texts.map((text) => JSON.parse(text) as Hold);
  const connection = await pool.getConnection();
  try {
    await connection.query('START TRANSACTION');
    for (const showId of new Set(holds.map((hold) => hold.show_id))) {
      await writeShow(
        connection,
        showId,
        holds.filter((hold) => hold.show_id === showId),
      );
    }
    await connection.query('COMMIT');
  } finally {
    connection.release();
  }
  return true;
}

async function writeShow(
  connection: mysql.PoolConnection,
  showId: number,
  holds: Hold[],
): Promise<void> {
  const names = holds.flatMap((hold) => hold.seats);
  const [rows] = await connection.query<SeatRow[]>(
    'SELECT seat_no, seat, price FROM show_seat WHERE show_id = ? AND seat IN (?)',
    [showId, names],
  );
  const seats = new Map(rows.map((row) => [row.seat, row]));
  const owned = holds.map((hold) => ({
    hold,
    own: hold.seats.flatMap((seat) => seats.get(seat) ?? []),
  }));
  await connection.query(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (seat_no INT PATH '$[0]', owner BIGINT PATH '$[1]')) AS k
     STRAIGHT_JOIN show_seat s ON s.show_id = ? AND s.seat_no = k.seat_no
     SET s.state = 'HELD', s.reservation_id = k.owner`,
    [
      JSON.stringify(
        owned.flatMap(({ hold, own }) => own.map((seat) => [seat.seat_no, hold.request_no])),
      ),
      showId,
    ],
  );
  await connection.query(
    `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
       amount, currency, created_at, expires_at, limit_at, due_at) VALUES ?`,
    [
      owned.map(({ hold, own }) => {
        const until = new Date(hold.expires_at);
        const list = JSON.stringify(own.map((seat) => [seat.seat_no, seat.seat, seat.price]));
        const amount = own.reduce((sum, seat) => sum + seat.price, 0);
        const who = [showId, hold.request_no, hold.fan_id, String(hold.request_no), 'HELD'];
        return [...who, list, 1, amount, 'INR', new Date(), until, until, until];
      }),
    ],
  );
}

let ended = false;
const writer = (async () => {
  while (!ended) {
    const busy = await write().catch((error: Error) => {
      console.error(error.message);
      return false;
    });
    if (!busy) await new Promise((resolve) => setTimeout(resolve, 5));
  }
})();

const server = app.listen(Number(process.env.BASELINE_PORT ?? 0), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  console.log(JSON.stringify({ msg: 'listening', port }));
});
process.on('SIGTERM', () => {
  ended = true;
  server.close();
  server.closeAllConnections();
  void writer.then(async () => {
    redis.disconnect();
    await pool.end();
  });
});
