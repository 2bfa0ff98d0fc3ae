import express from 'express';
import mysql, { type RowDataPacket } from 'mysql2/promise';

/**
 * The booking service that people build first: Express, mysql2, and for each request one
 * transaction that locks the seats, takes them and commits. It has no pass, no queue, no log and
 * no cap, so it does less than Usher for each seat. It stands alone on purpose.
 */
type Body = { show_id: number; fan_id: string; request_no: number; seats: string[] };
type SeatRow = RowDataPacket & { seat_no: number; seat: string; price: number; state: string };

const holdMs = 300_000;
const pool = mysql.createPool({
  uri: process.env.BASELINE_SHARD_URL ?? '',
  connectionLimit: Number(process.env.BASELINE_CONNECTIONS ?? 50),
  timezone: 'Z',
});
const app = express();
app.use(express.json());

app.post('/echo', (req, res) => {
  res.json(req.body);
});

app.post('/book', async (req, res) => {
  const body = req.body as Body;
  const connection = await pool.getConnection();
  try {
    await connection.query('START TRANSACTION');
    const [seats] = await connection.query<SeatRow[]>(
      'SELECT seat_no, seat, price, state FROM show_seat WHERE show_id = ? AND seat IN (?) ORDER BY seat_no FOR UPDATE',
      [body.show_id, body.seats],
    );
    if (seats.length !== body.seats.length || seats.some((seat) => seat.state !== 'FREE')) {
      await connection.query('ROLLBACK');
      res.status(409).json({ error: 'seats_taken' });
      return;
    }
    await connection.query(
      "UPDATE show_seat SET state = 'HELD', reservation_id = ? WHERE show_id = ? AND seat_no IN (?)",
      [body.request_no, body.show_id, seats.map((seat) => seat.seat_no)],
    );
    const amount = seats.reduce((sum, seat) => sum + seat.price, 0);
    const expiresAt = new Date(Date.now() + holdMs);
    await connection.query(
      `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats, adjacent,
         amount, currency, created_at, expires_at, limit_at, due_at)
       VALUES (?, ?, ?, ?, 'HELD', ?, 1, ?, 'INR', NOW(3), ?, ?, ?)`,
      [
        body.show_id,
        body.request_no,
        body.fan_id,
        String(body.request_no),
        JSON.stringify(seats.map((seat) => [seat.seat_no, seat.seat, seat.price])),
        amount,
        expiresAt,
        expiresAt,
        expiresAt,
      ],
    );
    await connection.query('COMMIT');
    res.json({ reservation_id: body.request_no, seats: body.seats, amount, expires_at: expiresAt });
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  } finally {
    connection.release();
  }
});

const server = app.listen(Number(process.env.BASELINE_PORT ?? 0), '127.0.0.1', () => {
  const address = server.address();
  console.log(
    JSON.stringify({ msg: 'listening', port: typeof address === 'object' ? address?.port : 0 }),
  );
});
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void pool.end();
});
