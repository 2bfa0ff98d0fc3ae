import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Stage } from './stage.js';

export type BareLoop = {
  showId: number;
  seats: string[];
  requests: number;
};

const batchRequests = 100;
const seatsEach = 2;
const writers = 2;

/**
 * What mysql2 commits with the multi-row statements of a batch and nothing else: two connections
 * lock the head, the seats and the quotas, and write seats, reservations, quotas, journal and log.
 */
export async function runBareLoop(stage: Stage, loop: BareLoop) {
  const connections = await Promise.all(Array.from({ length: writers }, () => stage.another()));
  const took: number[] = [];
  const startedMs = performance.now();
  try {
    let next = 0;
    const write = async (connection: Connection) => {
      await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      while (next < loop.requests) {
        const first = next;
        next += batchRequests;
        const beganMs = performance.now();
        await again(connection, () => writeBatch(connection, loop, first));
        took.push(performance.now() - beganMs);
      }
    };
    await Promise.all(connections.map(write));
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.floor((took.length - 1) * share)] ?? 0;
  return { per_second: loop.requests / seconds, p50_ms: at(0.5), p99_ms: at(0.99) };
}

const triesMax = 50;

async function again(connection: Connection, work: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      await connection.query('ROLLBACK');
      const isVictim = [1213, 1205].includes((error as { errno?: number }).errno ?? 0);
      if (!isVictim || tried >= triesMax) throw error;
    }
  }
}

async function writeBatch(connection: Connection, loop: BareLoop, first: number): Promise<void> {
  const { showId } = loop;
  const numbers = Array.from(
    { length: Math.min(batchRequests, loop.requests - first) },
    (_, index) => first + index,
  );
  const fanOf = (no: number) => `b${String(no).padStart(11, '0')}`;
  const passOf = (no: number) => `b${String(no).padStart(15, '0')}`;
  const seatNos = numbers.flatMap((no) => [no * seatsEach, no * seatsEach + 1]);
  const say = (sql: string, params: unknown[]) => connection.query(sql, params);
  // Of these rows each is its own, so that the loop and Usher write the same amount.
  const [journal] = (await say(
    'INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish) VALUES ?',
    [numbers.map((no) => [showId, fanOf(no), passOf(no), '-', passOf(no), 'bench000', '{}'])],
  )) as [ResultSetHeader, unknown];
  await connection.query('START TRANSACTION');
  await say('SELECT lsn FROM show_head WHERE show_id = ? FOR UPDATE', [showId]);
  const [free] = await connection.query<RowDataPacket[]>(
    `SELECT seat_no FROM show_seat WHERE show_id = ? AND seat_no IN (?) AND state = 'FREE'
     FOR UPDATE`,
    [showId, seatNos],
  );
  if (free.length !== seatNos.length) throw new Error('a seat of the bare loop is not free');
  const idOf = (index: number) => journal.insertId + index;
  const owned = numbers.map((no, index) => `WHEN ${no} THEN ${idOf(index)}`).join(' ');
  await say(
    `UPDATE show_seat SET state = 'HELD', reservation_id = CASE seat_no DIV ${seatsEach} ${owned} END
     WHERE show_id = ? AND seat_no IN (?)`,
    [showId, seatNos],
  );
  await say(
    `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
       amount, currency, created_at, expires_at, limit_at, due_at) VALUES ?`,
    [
      numbers.map((no, index) => {
        const at = new Date(Date.now() + 3_600_000);
        const seats = JSON.stringify([0, 1].map((k) => [no * 2 + k, loop.seats[no * 2 + k], 100]));
        const ids = [showId, idOf(index), fanOf(no), passOf(no)];
        return [...ids, 'HELD', seats, 1, 200, 'INR', new Date(), at, at, at];
      }),
    ],
  );
  await say('INSERT INTO quota (show_id, fan_id, taken) VALUES ?', [
    numbers.map((no) => [showId, fanOf(no), seatsEach]),
  ]);
  await say(
    `UPDATE request SET state = 'GRANTED', decided_at = NOW(3)
     WHERE show_id = ? AND request_id BETWEEN ? AND ?`,
    [showId, journal.insertId, journal.insertId + numbers.length - 1],
  );
  await say('UPDATE show_head SET version = version + 1, lsn = lsn + ? WHERE show_id = ?', [
    numbers.length,
    showId,
  ]);
  await connection.query('COMMIT');
}
