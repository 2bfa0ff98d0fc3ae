// What staff do with a sale when its crowd has gone, with and without a bug.
import type { RowDataPacket } from 'mysql2/promise';
import { openCaller } from '../crowd/caller.js';
import type { ClientLog } from '../crowd/client-log.js';
import type { Account, SaleView } from '../crowd/fan.js';
import type { PrivateUsher } from '../stage/private-usher.js';
import { sleep } from '../stage/programs.js';
import type { Bug } from './bug.js';

type Past = { sale: SaleView; log: ClientLog; accounts: Account[] };

const moveMsMax = 30_000;
/** The auditor lets a show that just arrived alone for so long. */
const recentMs = 16_000;

export async function staffWork(
  usher: PrivateUsher,
  kind: NonNullable<Bug['afterwards']>,
  past: Past,
): Promise<void> {
  if (kind === 'a move') await moveShows(usher, past.sale);
  else await deskAndDoor(usher, past);
}

/** Every other booking is cancelled before its tickets come to the door; the others come twice. */
async function deskAndDoor(usher: PrivateUsher, { log, accounts }: Past): Promise<void> {
  const caller = openCaller(usher.url, () => undefined);
  const staff = { fan: '', op: 'staff', token: usher.sign.session('proof', 'box_office') };
  const post = (path: string, body: unknown) =>
    caller.call({ ...staff, method: 'POST', path: `/api/v1/staff/${path}`, body });
  const booked = log.calls.filter((call) => call.op === 'confirm' && call.status === 201);
  const bookings = new Map(booked.map((call) => [String(call.told.booking_id), call.fan]));
  for (const [no, [bookingId, fan]] of [...bookings].entries()) {
    const token = accounts.find((account) => account.fanId === fan)?.token;
    const path = `/api/v1/bookings/${bookingId}`;
    const own = await caller.call({ fan, op: 'booking', token, method: 'GET', path });
    const tickets = (own.body.tickets ?? []) as { qr_code: string }[];
    if (no % 2 === 0) await post(`bookings/${bookingId}/cancel`, { refund: 'full' });
    const scans = tickets.flatMap(({ qr_code: qr }) => [
      { qr, gate: 'north' },
      { qr, gate: 'south' },
    ]);
    await Promise.all(scans.map((scan) => post('scan', scan)));
  }
  caller.close();
}

/** Each show of the sale goes to the other shard. */
async function moveShows(usher: PrivateUsher, { saleId }: SaleView): Promise<void> {
  const [shows] = await usher.catalog.query<RowDataPacket[]>(
    'SELECT show_id, shard_id FROM shows WHERE sale_id = ?',
    [saleId],
  );
  for (const { show_id: showId, shard_id: from } of shows) {
    await usher.catalog.query(
      `INSERT INTO show_moves
         (show_id, from_shard, to_shard, state, even_selling, actor, planned_at, changed_at)
       VALUES (?, ?, ?, 'PLANNED', 1, 'proof', NOW(3), NOW(3))`,
      [showId, from, from === 1 ? 2 : 1],
    );
  }
  const untilMs = performance.now() + moveMsMax;
  for (;;) {
    const [left] = await usher.catalog.query<RowDataPacket[]>(
      "SELECT show_id FROM show_moves WHERE state <> 'DONE'",
    );
    if (left.length === 0) break;
    if (performance.now() > untilMs) throw new Error('a show did not move in time');
    await sleep(200);
  }
  await sleep(recentMs);
}
