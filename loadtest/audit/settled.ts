// I42: once no call is under way and every bound has passed, nothing may be left half done.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';
import type { ShowRows } from './rows.js';

const openPayments = ['CREATED', 'ACTION', 'PROCESSING', 'SUCCEEDED_LATE'];

export function checkShowSettled(show: ShowRows, findings: Findings): void {
  const add = (text: string, rows: string[], cause: string) =>
    findings.add({ rule: 'I42', where: show.where, text, rows, cause });
  findings.checked('I42', 1);
  const undecided = show.requests.filter((row) => row.state === 'ACCEPTED');
  if (undecided.length > 0) {
    const rows = undecided.map((row) => `request(${row.request_id})`);
    add(`${undecided.length} requests are undecided`, rows, 'no processor drains their lane');
  }
  const ending = show.reservations.filter(
    (row) =>
      row.state === 'ENDING' ||
      ((row.state === 'HELD' || row.state === 'PAYING') &&
        (row.due_at ?? row.expires_at).getTime() < show.nowMs),
  );
  if (ending.length > 0) {
    const rows = ending.map((row) => `reservation(${row.reservation_id}) ${row.state}`);
    add(`${ending.length} holds are past their end`, rows, 'the sweep or the provider is stuck');
  }
  const active = new Set(
    show.reservations.filter((row) => row.state === 'PAYING').map((row) => row.reservation_id),
  );
  const open = show.payments.filter(
    (row) => openPayments.includes(row.state) && !active.has(row.reservation_id),
  );
  if (open.length > 0) {
    const rows = open.map((row) => `payment(${row.reservation_id}, ${row.attempt}) ${row.state}`);
    add(`${open.length} payments are unexplained`, rows, 'the reconciler does not run');
  }
  // What was paid at the desk waits for its guest to come for it, on the list of what is owed.
  const atDesk = new Set(
    show.payments
      .filter((row) => row.method !== 'provider')
      .map((row) => `${row.reservation_id} ${row.attempt}`),
  );
  const refunds = show.refunds.filter(
    (row) =>
      (row.state === 'CREATED' || row.state === 'PENDING') &&
      !atDesk.has(`${row.reservation_id} ${row.attempt}`),
  );
  if (refunds.length > 0) {
    const rows = refunds.map((row) => `refund(${row.reservation_id}, ${row.refund_no})`);
    add(`${refunds.length} refunds are not done`, rows, 'the provider refuses, or nobody asks it');
  }
}

export async function checkShardSettled(
  shard: Snapshot,
  where: string,
  findings: Findings,
): Promise<void> {
  const rows = await shard.rows<{ show_id: number; outbox_id: number; kind: string }>(
    `SELECT show_id, outbox_id, kind FROM outbox
     WHERE published_at IS NULL AND (due_at IS NULL OR due_at <= NOW(3)) LIMIT 100`,
  );
  if (rows.length === 0) return;
  findings.add({
    rule: 'I42',
    where,
    text: `${rows.length === 100 ? 'at least 100' : rows.length} messages wait in the outbox`,
    rows: rows.map((row) => `outbox(${row.show_id}, ${row.outbox_id}) ${row.kind}`),
    cause: 'no processor relays this shard, or the receiver refuses',
  });
}

export async function checkCatalogSettled(catalog: Snapshot, findings: Findings): Promise<void> {
  const rows = await catalog.rows<{ event_id: string }>(
    'SELECT event_id FROM inbox WHERE waiting = 1 LIMIT 100',
  );
  findings.checked('I42', 1);
  if (rows.length === 0) return;
  findings.add({
    rule: 'I42',
    where: 'catalog',
    text: `${rows.length} events of the provider wait in the inbox`,
    rows: rows.map((row) => `inbox(${row.event_id})`),
    cause: 'no processor settles them',
  });
}
