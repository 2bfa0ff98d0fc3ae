import { formatId } from '../../core/domain/ids.js';
import type { Sandbox } from '../../sandbox/app.js';
import type { TestHold } from './fixtures.js';
import type { TestStores } from './stores.js';

export type PaymentRows = {
  reservation: string | undefined;
  payments: string[];
  seats: string[];
  tickets: number;
  refunds: string[];
  outbox: string[];
  quota: number | undefined;
};

/** What the shard says of one purchase, read by statements of the test's own. */
export async function rowsOf(stores: TestStores, held: TestHold): Promise<PaymentRows> {
  const shard = await stores.shards.forShow(held.showId);
  const by = [held.showId, held.reservationId];
  const list = async (sql: string, params: (number | string)[] = by): Promise<string[]> =>
    (await shard.rows<{ one: string }>(sql, params)).map((row) => String(row.one));
  const [reservation] = await list(
    'SELECT state AS one FROM reservation WHERE show_id = ? AND reservation_id = ?',
  );
  const [tickets] = await list(
    "SELECT COUNT(*) AS one FROM ticket WHERE show_id = ? AND booking_id = ? AND state = 'VALID'",
  );
  const [quota] = await list('SELECT taken AS one FROM quota WHERE show_id = ? AND fan_id = ?', [
    held.showId,
    held.fanId,
  ]);
  return {
    reservation,
    payments: await list(
      'SELECT state AS one FROM payment WHERE show_id = ? AND reservation_id = ? ORDER BY attempt',
    ),
    seats: await list(
      'SELECT state AS one FROM show_seat WHERE show_id = ? AND reservation_id = ? ORDER BY seat_no',
    ),
    tickets: Number(tickets),
    refunds: await list(
      'SELECT state AS one FROM refund WHERE show_id = ? AND reservation_id = ? ORDER BY refund_no',
    ),
    outbox: await list(
      'SELECT kind AS one FROM outbox WHERE show_id = ? AND subject_id = ? ORDER BY outbox_id',
    ),
    quota: quota === undefined ? undefined : Number(quota),
  };
}

/** What the provider took for a purchase: minor units of each charge, less what it gave back. */
export function chargesOf(sandbox: Sandbox, held: TestHold): number[] {
  const id = formatId('reservation', { showId: held.showId, no: held.reservationId });
  const intents = sandbox.ledger.all('intent').filter((one) => one.metadata.reservation_id === id);
  return sandbox.ledger
    .all('charge')
    .filter((charge) => charge.paid && intents.some((one) => one.id === charge.payment_intent))
    .map((charge) => charge.amount_captured - charge.amount_refunded);
}
