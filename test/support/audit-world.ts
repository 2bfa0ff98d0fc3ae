import { randomBytes } from 'node:crypto';
import { bookReservation } from '../../core/store/shard/bookings.js';
import { endHold, lockReservation } from '../../core/store/shard/reservations.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import { seedShow, type TestShow } from './fixtures.js';
import type { TestStores } from './stores.js';

/** One purchase on its way; `no` is its request, reservation and booking number. */
export type Purchase = { no: number; fanId: string; passId: string; seats: number[] };

/** A show with a history that breaks no rule, for planting faults in. */
export type AuditWorld = {
  show: TestShow;
  shardSql(sql: string, params?: (string | number | null)[]): Promise<void>;
  grant(seats: number[]): Promise<Purchase>;
  refuse(wanted: number[], reason: string): Promise<Purchase>;
  book(purchase: Purchase): Promise<void>;
  release(purchase: Purchase): Promise<void>;
};

export async function openAuditWorld(stores: TestStores): Promise<AuditWorld> {
  const show = await seedShow(stores, { seats: 12, seatCap: 4 });
  const shard = await stores.shards.forShow(show.showId);
  // An import takes up every show that its shard hasn't caught up with.
  await stores.catalog.change('UPDATE shows SET shard_version = version WHERE show_id = ?', [
    show.showId,
  ]);
  const ask = async (seats: number[], state: string, reason: string | null): Promise<Purchase> => {
    const fanId = randomBytes(6).toString('hex');
    const passId = randomBytes(8).toString('hex');
    await stores.catalog.change(
      `INSERT INTO admission (pass_id, sale_id, fan_id, epoch, admitted_at, expires_at, state)
       VALUES (?, ?, ?, 1, NOW(3), NOW(3) + INTERVAL 5 MINUTE, 'LIVE')`,
      [passId, show.saleId, fanId],
    );
    const wish = JSON.stringify({ seats: seats.map((no) => show.seats[no] ?? '') });
    const { insertId: no } = await shard.change(
      `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish, state,
         reason, decided_at) VALUES (?, ?, ?, ?, ?, 'test0000', ?, ?, ?, NOW(3))`,
      [show.showId, fanId, passId, 'h'.repeat(22), passId, wish, state, reason],
    );
    return { no, fanId, passId, seats };
  };
  return {
    show,
    shardSql: async (sql, params = []) => {
      await shard.change(sql, params);
    },
    grant: async (seats) => {
      const purchase = await ask(seats, 'GRANTED', null);
      const { no, fanId, passId } = purchase;
      await changeShow(shard, show.showId, async ({ tx, log, outbox }) => {
        const reserved = seats.map((seat) => [seat, show.seats[seat] ?? '', show.price]);
        await tx.change(
          `INSERT INTO reservation (show_id, reservation_id, fan_id, pass_id, state, seats,
             adjacent, amount, currency, created_at, expires_at, limit_at, due_at)
           VALUES (?, ?, ?, ?, 'HELD', ?, 1, ?, 'INR', NOW(3), NOW(3) + INTERVAL 5 MINUTE,
             NOW(3) + INTERVAL 15 MINUTE, NOW(3) + INTERVAL 5 MINUTE)`,
          [show.showId, no, fanId, passId, JSON.stringify(reserved), show.price * seats.length],
        );
        await tx.change('INSERT INTO quota (show_id, fan_id, taken) VALUES (?, ?, ?)', [
          ...[show.showId, fanId, seats.length],
        ]);
        await tx.change(
          `UPDATE show_seat SET state = 'HELD', reservation_id = ?
           WHERE show_id = ? AND seat_no IN (?)`,
          [no, show.showId, seats],
        );
        log({ kind: 'GRANTED', subjectId: no, detail: { seats } });
        outbox({ kind: 'granted', subjectId: no, payload: { grants: [[fanId, passId]] } });
      });
      return purchase;
    },
    refuse: async (wanted, reason) => {
      const purchase = await ask(wanted, 'REFUSED', reason);
      await changeShow(shard, show.showId, async ({ log }) => {
        log({ kind: 'REFUSED', subjectId: purchase.no, detail: { reason } });
      });
      return purchase;
    },
    book: async ({ no, seats }) => {
      await changeShow(shard, show.showId, async (change) => {
        const reservation = await lockReservation(change, no);
        if (!reservation) throw new Error('no reservation to book');
        await change.tx.change(
          `INSERT INTO payment (show_id, reservation_id, attempt, idem_key, payment_token, state,
             amount, currency, intent_id, created_at, updated_at)
           VALUES (?, ?, 1, 'k', 'pm_card_visa', 'SUCCEEDED', ?, 'INR', ?, NOW(3), NOW(3))`,
          [show.showId, no, show.price * seats.length, `pi_${show.showId}_${no}`],
        );
        await bookReservation(change, reservation, 1);
        change.book({
          reservationId: no,
          debit: 'provider',
          credit: 'sales',
          amount: show.price * seats.length,
          currency: 'INR',
        });
      });
    },
    release: async ({ no }) => {
      await changeShow(shard, show.showId, async (change) => {
        const reservation = await lockReservation(change, no);
        if (!reservation || !(await endHold(change, reservation, 'HELD', 'RELEASED'))) {
          throw new Error('no hold to release');
        }
      });
    },
  };
}
