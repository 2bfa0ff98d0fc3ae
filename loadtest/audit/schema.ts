// I3, I11, I29: the guards of last resort are still in the schema and are enforced.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';

const checks = {
  catalog: [
    ...['movies_kind', 'seats_kind', 'sales_state', 'sales_lobby', 'shows_state'],
    ...['fans_state', 'staff_role', 'staff_state', 'admission_state'],
  ],
  shard: [
    ...['show_gate_state', 'show_seat_state', 'show_seat_owner', 'request_state'],
    ...['request_reason', 'request_decided', 'reservation_state', 'reservation_due'],
    ...['booking_state', 'ticket_state', 'ticket_live', 'payment_state', 'payment_open_state'],
    ...['refund_state', 'dispute_state', 'ledger_debit_account', 'ledger_credit_account'],
  ],
};

/** Unique keys as `table.key`: each is the last guard of something that happens once. */
const uniques = {
  catalog: ['inbox.PRIMARY', 'admission.PRIMARY', 'fans.fans_email', 'shows.shows_key'],
  shard: [
    ...['show_seat.PRIMARY', 'request.request_idem', 'reservation.PRIMARY', 'booking.PRIMARY'],
    ...['ticket.ticket_live_seat', 'payment.payment_idem', 'payment.payment_open'],
    ...['quota.PRIMARY', 'show_log.PRIMARY', 'dispute.PRIMARY'],
  ],
};

export async function checkSchema(
  database: Snapshot,
  kind: 'catalog' | 'shard',
  where: string,
  findings: Findings,
): Promise<void> {
  const constraints = await database.rows<Record<string, string>>(
    `SELECT * FROM information_schema.TABLE_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'CHECK'`,
  );
  const enforced = new Set(
    constraints.filter((row) => row.ENFORCED !== 'NO').map((row) => row.CONSTRAINT_NAME),
  );
  const keys = await database.rows<{ name: string }>(
    `SELECT DISTINCT CONCAT(TABLE_NAME, '.', INDEX_NAME) AS name FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0`,
  );
  const present = new Set(keys.map((row) => row.name));
  findings.checked('I3', checks[kind].length + uniques[kind].length);
  const missing = [
    ...checks[kind].filter((name) => !enforced.has(name)).map((name) => `CHECK ${name}`),
    ...uniques[kind].filter((name) => !present.has(name)).map((name) => `UNIQUE ${name}`),
  ];
  for (const name of missing) {
    const inbox = name.includes('inbox.');
    findings.add({
      rule: inbox ? 'I29' : name.includes('_idem') ? 'I11' : 'I3',
      where,
      text: `${name} is missing or not enforced`,
      rows: [],
      cause: 'the schema was changed by hand; run `usher migrate` on a restored copy',
    });
  }
  const [variable] = await database.rows<{ Value: string }>(
    "SHOW VARIABLES LIKE 'check_constraint_checks'",
  );
  if (variable && variable.Value !== 'ON') {
    findings.add({
      rule: 'I3',
      where,
      text: 'the server does not enforce CHECK constraints',
      rows: [],
      cause: 'check_constraint_checks is off; SET GLOBAL check_constraint_checks = 1',
    });
  }
}
