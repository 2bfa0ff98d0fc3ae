import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import mysql, { type PoolConnection, type RowDataPacket } from 'mysql2/promise';

/**
 * The design that most people start with: one BullMQ job and one transaction per request. It
 * writes the same rows as Usher (request, seats, reservation, quota, log, outbox) and locks in one
 * order. It stands alone on purpose: nothing here is shared with what it is compared to.
 */
type Job = { showId: number; fanId: string; passId: string; seats: string[] };
type SeatRow = RowDataPacket & { seat_no: number; seat: string; price: number; state: string };

const environment = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const concurrency = Number(environment('BASELINE_CONCURRENCY'));
const holdMs = 300_000;
const seatCap = 10;
const pool = mysql.createPool({
  uri: environment('BASELINE_SHARD_URL'),
  connectionLimit: Math.min(concurrency, 100),
  timezone: 'Z',
});
pool.pool.on('connection', (connection) => {
  connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
});
const prefix = environment('BASELINE_PREFIX');
const redis = new Redis(environment('BASELINE_REDIS_URL'), { maxRetriesPerRequest: null });

const results = new Redis(environment('BASELINE_REDIS_URL'));

async function decide(connection: PoolConnection, job: Job): Promise<string> {
  const [seats] = await connection.query<SeatRow[]>(
    'SELECT seat_no, seat, price, state FROM show_seat WHERE show_id = ? AND seat IN (?) ORDER BY seat_no FOR UPDATE',
    [job.showId, job.seats],
  );
  const [quota] = await connection.query<RowDataPacket[]>(
    'SELECT taken FROM quota WHERE show_id = ? AND fan_id = ? FOR UPDATE',
    [job.showId, job.fanId],
  );
  const taken = Number(quota[0]?.taken ?? 0);
  const isFree = seats.length === job.seats.length && seats.every((seat) => seat.state === 'FREE');
  const granted = isFree && taken + seats.length <= seatCap;
  const requestId = await insertRequest(connection, job, granted);
  if (granted) await hold(connection, job, requestId, seats);
  await connection.query(
    'INSERT INTO show_log (show_id, lsn, at, kind, subject_id, detail) VALUES (?, ?, NOW(3), ?, ?, ?)',
    [job.showId, requestId, granted ? 'GRANTED' : 'REFUSED', requestId, '{}'],
  );
  return granted ? 'GRANTED' : 'REFUSED';
}

async function insertRequest(
  connection: PoolConnection,
  job: Job,
  granted: boolean,
): Promise<number> {
  const [result] = await connection.query<mysql.ResultSetHeader>(
    `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, state, reason, decided_at)
     VALUES (?, ?, ?, '-', ?, 'baseline', ?, ?, ?, NOW(3))`,
    [
      job.showId,
      job.fanId,
      job.passId,
      job.passId,
      JSON.stringify({ seats: job.seats }),
      granted ? 'GRANTED' : 'REFUSED',
      granted ? null : 'seats_taken',
    ],
  );
  return result.insertId;
}

async function hold(
  connection: PoolConnection,
  job: Job,
  requestId: number,
  seats: SeatRow[],
): Promise<void> {
  await connection.query(
    "UPDATE show_seat SET state = 'HELD', reservation_id = ? WHERE show_id = ? AND seat_no IN (?) AND state = 'FREE'",
    [requestId, job.showId, seats.map((seat) => seat.seat_no)],
  );
  const expiresAt = new Date(Date.now() + holdMs);
  await connection.query(
    `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
       amount, currency, created_at, expires_at, limit_at, due_at)
     VALUES (?, ?, ?, ?, 'HELD', ?, 1, ?, 'INR', NOW(3), ?, ?, ?)`,
    [
      job.showId,
      requestId,
      job.fanId,
      job.passId,
      JSON.stringify(seats.map((seat) => [seat.seat_no, seat.seat, seat.price])),
      seats.reduce((sum, seat) => sum + seat.price, 0),
      expiresAt,
      expiresAt,
      expiresAt,
    ],
  );
  await connection.query(
    'INSERT INTO quota (show_id, fan_id, taken, spent_pass) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE taken = taken + VALUES(taken)',
    [job.showId, job.fanId, seats.length, job.passId],
  );
  await connection.query(
    "INSERT INTO outbox (show_id, kind, subject_id, payload, created_at, due_at) VALUES (?, 'granted', ?, ?, NOW(3), NOW(3))",
    [job.showId, requestId, JSON.stringify({ grants: [[job.fanId, job.passId]] })],
  );
}

const worker = new Worker<Job>(
  'one-job',
  async (job) => {
    const connection = await pool.getConnection();
    try {
      await connection.query('START TRANSACTION');
      const outcome = await decide(connection, job.data);
      await connection.query('COMMIT');
      await results.publish(`${prefix}:done`, JSON.stringify([job.id, outcome]));
      return outcome;
    } catch (error) {
      await connection.query('ROLLBACK');
      throw error;
    } finally {
      connection.release();
    }
  },
  { connection: redis, prefix, concurrency, removeOnComplete: { count: 0 } },
);
worker.on('error', (error) => console.error(error.message));
await worker.waitUntilReady();
console.log(JSON.stringify({ msg: 'ready' }));
process.on('SIGTERM', () => {
  void worker.close().then(async () => {
    await pool.end();
    redis.disconnect();
    results.disconnect();
  });
});
