// The rows that a sale leaves behind, written straight in SQL: sold-out shows whose journal is long.
import { createHash } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import type { Stage } from './stage.js';

type Cell = string | number | null | Date;
type Table = { name: string; columns: string; rows: Cell[][] };

export const soldSeats = 1_000;
const seatsEach = 2;
/** Requests that found nothing left, for each that won. */
const lostPerWon = 4;
const seatPrice = 14_000;
const rowsPerStatement = 2_000;
const saleId = 'bench';
const amount = seatsEach * seatPrice;

/** Writes one sold-out show; returns how many rows it has in all tables. */
export async function writeFinishedShow(stage: Stage, showId: number): Promise<number> {
  const startMs = Date.now() - 3_600_000;
  const purchases = soldSeats / seatsEach;
  const journal = journalOf(showId, purchases, startMs);
  const log = logOf(showId, purchases, startMs);
  const shard = [
    ...ownersOf(showId, purchases, startMs),
    journal,
    { name: 'show_log', columns: 'show_id, lsn, at, kind, subject_id, detail, chain', rows: log },
    messagesOf(showId, purchases, startMs),
  ];
  const catalog = passesOf(showId, purchases, startMs);
  for (const table of shard) await insertAll(stage.shard, table);
  await insertAll(stage.catalog, catalog);
  await stage.shard.query(
    'UPDATE show_head SET lsn = ?, chain = ?, version = ? WHERE show_id = ?',
    [log.length, log.at(-1)?.[6], log.length, showId],
  );
  await stage.shard.query(
    "UPDATE show_seat SET state = 'BOOKED', reservation_id = seat_no DIV ? + 1, price = ? WHERE show_id = ?",
    [seatsEach, seatPrice, showId],
  );
  await stage.catalog.query('UPDATE shows SET seats_free = 0 WHERE show_id = ?', [showId]);
  return [...shard, catalog].reduce((sum, { rows }) => sum + rows.length, soldSeats + 3);
}

async function insertAll(connection: Connection, { name, columns, rows }: Table): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const some = rows.slice(from, from + rowsPerStatement);
    await connection.query(`INSERT INTO ${name} (${columns}) VALUES ?`, [some]);
  }
}

const fanOf = (no: number) => `f${String(no).padStart(11, '0')}`;
const passOf = (showId: number, no: number) =>
  `p${String(showId).padStart(6, '0')}${String(no).padStart(9, '0')}`;
/** One purchase each five milliseconds; its payment comes twenty seconds after its hold. */
const heldAt = (startMs: number, no: number) => new Date(startMs + no * 5);
const paidAt = (startMs: number, no: number) => new Date(startMs + 20_000 + no * 5);
const seatsOf = (no: number) =>
  Array.from({ length: seatsEach }, (_, more) => (no - 1) * seatsEach + more);
const nameOf = (seatNo: number) => `R${Math.floor(seatNo / 50)}-${(seatNo % 50) + 1}`;

function count<T>(purchases: number, row: (no: number) => T): T[] {
  return Array.from({ length: purchases }, (_, no) => row(no + 1));
}

function journalOf(showId: number, purchases: number, startMs: number): Table {
  const won = count(purchases, (no): Cell[] => {
    const at = heldAt(startMs, no);
    const wish = JSON.stringify({ seats: seatsOf(no).map(nameOf) });
    const pass = passOf(showId, no);
    return [showId, no, fanOf(no), `k${no}`, '', pass, 'bench', wish, at, 'GRANTED', null, at];
  });
  const lost = count(purchases * lostPerWon, (more): Cell[] => {
    const no = purchases + more;
    const at = heldAt(startMs, no);
    const wish = JSON.stringify({ quantity: seatsEach });
    const pass = passOf(showId, no);
    return [
      ...[showId, no, fanOf(no), `k${no}`, '', pass, 'bench', wish, at, 'REFUSED', 'sold_out', at],
    ];
  });
  const columns =
    'show_id, request_id, fan_id, idem_key, body_hash, pass_id, node, wish, accepted_at, state, reason, decided_at';
  return { name: 'request', columns, rows: [...won, ...lost] };
}

function logOf(showId: number, purchases: number, startMs: number): Cell[][] {
  const held = count(purchases, (no) => ({
    at: heldAt(startMs, no),
    kind: 'GRANTED',
    no,
    detail: { seats: seatsOf(no) } as object,
  }));
  const lost = count(purchases * lostPerWon, (more) => ({
    at: heldAt(startMs, purchases + more),
    kind: 'REFUSED',
    no: purchases + more,
    detail: { reason: 'sold_out' } as object,
  }));
  const paid = count(purchases, (no) => ({
    at: paidAt(startMs, no),
    kind: 'BOOKED',
    no,
    detail: { seats: seatsOf(no), attempt: 1 } as object,
  }));
  let chain = '';
  return [...held, ...lost, ...paid].map(({ at, kind, no, detail }, index) => {
    const lsn = index + 1;
    const text = JSON.stringify(detail);
    chain = createHash('sha256')
      .update([chain, showId, lsn, at.getTime(), kind, no, text].join('|'))
      .digest('base64url');
    return [showId, lsn, at, kind, no, text, chain];
  });
}

function ownersOf(showId: number, purchases: number, startMs: number): Table[] {
  const each = (name: string, columns: string, row: (no: number) => Cell[]): Table => ({
    name,
    columns: `show_id, ${columns}`,
    rows: count(purchases, (no) => [showId, ...row(no)]),
  });
  const end = (no: number) => new Date(heldAt(startMs, no).getTime() + 600_000);
  return [
    each(
      'reservation',
      'reservation_id, fan_id, pass_id, state, seats, adjacent, amount, currency, created_at, expires_at, limit_at, ended_at',
      (no) => [
        ...[no, fanOf(no), passOf(showId, no), 'BOOKED'],
        JSON.stringify(seatsOf(no).map((seatNo) => [seatNo, nameOf(seatNo), seatPrice])),
        ...[1, amount, 'INR', heldAt(startMs, no), end(no), end(no), paidAt(startMs, no)],
      ],
    ),
    each('quota', 'fan_id, taken, spent_pass', (no) => [fanOf(no), seatsEach, passOf(showId, no)]),
    each('booking', 'booking_id, fan_id, state, amount, currency, attempt, created_at', (no) => [
      ...[no, fanOf(no), 'CONFIRMED', amount, 'INR', 1, paidAt(startMs, no)],
    ]),
    each(
      'payment',
      'reservation_id, attempt, idem_key, payment_token, state, amount, currency, intent_id, created_at, updated_at',
      (no) => [
        ...[no, 1, `k${no}`, 'pm_card_visa', 'SUCCEEDED', amount, 'INR', `pi_${showId}_${no}`],
        ...[heldAt(startMs, no), paidAt(startMs, no)],
      ],
    ),
    each('ledger', 'lsn, part, reservation_id, at, debit, credit, amount, currency', (no) => [
      ...[purchases * (1 + lostPerWon) + no, 1, no, paidAt(startMs, no)],
      ...['provider', 'sales', amount, 'INR'],
    ]),
    {
      name: 'ticket',
      columns: 'show_id, booking_id, seat_no, counter, state, live_seat',
      rows: count(purchases, (no) =>
        seatsOf(no).map((seatNo): Cell[] => [showId, no, seatNo, 1, 'VALID', seatNo]),
      ).flat(),
    },
  ];
}

function messagesOf(showId: number, purchases: number, startMs: number): Table {
  const rows = count(purchases, (no) => {
    const message = (kind: string, payload: object, at: Date): Cell[] => [
      ...[showId, kind, no, JSON.stringify(payload), at, null, at],
    ];
    const grants = { grants: [[fanOf(no), passOf(showId, no)]] };
    return [
      message('granted', grants, heldAt(startMs, no)),
      message('ticket_mail', {}, paidAt(startMs, no)),
      message('fan_booking', {}, paidAt(startMs, no)),
    ];
  }).flat();
  const columns = 'show_id, kind, subject_id, payload, created_at, due_at, published_at';
  return { name: 'outbox', columns, rows };
}

function passesOf(showId: number, purchases: number, startMs: number): Table {
  const rows = count(purchases, (no): Cell[] => {
    const at = heldAt(startMs, no);
    const end = new Date(at.getTime() + 600_000);
    return [passOf(showId, no), saleId, fanOf(no), 1, no, at, end, 'SPENT', at];
  });
  const columns =
    'pass_id, sale_id, fan_id, epoch, score, admitted_at, expires_at, state, ended_at';
  return { name: 'admission', columns, rows };
}
