// I22, I28 and I30 against the books of the local provider: totals, open intents, events.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';
import type { ProviderBooks } from './provider.js';
import { capturedPayments, type PaymentRow, type RefundRow } from './rows.js';

export type Kept = { payments: PaymentRow[]; refunds: RefundRow[] };

const openIntents = ['requires_action', 'requires_confirmation', 'requires_capture', 'processing'];
/** Payments that have their end, whatever an event about them would say. */
const endedPayments = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'RETAKEN', 'REFUNDED'];
/** Events that change what Usher must know. */
const relevant = [
  'payment_intent.succeeded',
  'payment_intent.canceled',
  'payment_intent.payment_failed',
];

/** Only for a settled Usher whose shows were all read. */
export async function checkProviderSettled(
  books: ProviderBooks,
  kept: Kept,
  catalog: Snapshot,
  findings: Findings,
): Promise<void> {
  checkTotals(books, kept, findings);
  checkOpenIntents(books, kept, findings);
  await checkEvents(books, kept, catalog, findings);
}

function checkTotals(books: ProviderBooks, { payments, refunds }: Kept, findings: Findings): void {
  const ours = new Map<string, { taken: number; back: number }>();
  const theirs = new Map<string, { taken: number; back: number }>();
  const add = (into: typeof ours, currency: string, what: 'taken' | 'back', amount: number) => {
    const entry = into.get(currency.toUpperCase()) ?? { taken: 0, back: 0 };
    entry[what] += amount;
    into.set(currency.toUpperCase(), entry);
  };
  // What the desk took and gave back is in its till, which the provider knows nothing of.
  for (const row of payments) {
    if (row.method !== 'provider' || !capturedPayments.includes(row.state)) continue;
    add(ours, row.currency, 'taken', row.amount);
  }
  for (const row of refunds) {
    if (row.state !== 'SUCCEEDED' || row.provider_id?.startsWith('desk')) continue;
    add(ours, row.currency, 'back', row.amount);
  }
  const currencies = new Map(books.intents.map((intent) => [intent.id, intent.currency]));
  for (const intent of books.intents) add(theirs, intent.currency, 'taken', intent.amount_received);
  for (const row of books.refunds) {
    if (row.status !== 'succeeded') continue;
    add(theirs, currencies.get(row.payment_intent) ?? '', 'back', row.amount);
  }
  for (const currency of new Set([...ours.keys(), ...theirs.keys()])) {
    const us = ours.get(currency) ?? { taken: 0, back: 0 };
    const them = theirs.get(currency) ?? { taken: 0, back: 0 };
    findings.checked('I28', 1);
    if (us.taken === them.taken && us.back === them.back) continue;
    findings.add({
      rule: 'I28',
      where: 'the provider',
      text: `in ${currency} we count ${us.taken} taken and ${us.back} given back, the provider ${them.taken} and ${them.back}`,
      rows: [],
      cause: 'a payment or refund is known to one side only',
    });
  }
}

function checkOpenIntents(books: ProviderBooks, { payments }: Kept, findings: Findings): void {
  const states = new Map(payments.map((row) => [row.intent_id, row]));
  for (const intent of books.intents) {
    if (!openIntents.includes(intent.status)) continue;
    const row = states.get(intent.id);
    findings.checked('I22', 1);
    if (row && !endedPayments.includes(row.state)) continue;
    findings.add({
      rule: 'I22',
      where: 'the provider',
      text: `intent ${intent.id} is ${intent.status}, and our payment is ${row?.state ?? 'not there'}`,
      rows: row ? [`payment(${row.reservation_id}, ${row.attempt})`] : [`intent(${intent.id})`],
      cause: 'seats were freed without cancelling the payment: money could still follow',
    });
  }
}

async function checkEvents(
  books: ProviderBooks,
  { payments }: Kept,
  catalog: Snapshot,
  findings: Findings,
): Promise<void> {
  const rows = await catalog.rows<{ event_id: string }>('SELECT event_id FROM inbox');
  const inbox = new Set(rows.map((row) => row.event_id));
  const states = new Map(payments.map((row) => [row.intent_id, row.state]));
  for (const event of books.events) {
    if (!relevant.includes(event.type)) continue;
    findings.checked('I30', 1);
    const state = states.get(event.object_id);
    if (inbox.has(event.id) || (state !== undefined && endedPayments.includes(state))) continue;
    findings.add({
      rule: 'I30',
      where: 'the provider',
      text: `event ${event.id} ${event.type} of ${event.object_id} is not in the inbox, and its payment is ${state ?? 'not there'}`,
      rows: [`inbox(${event.id})`],
      cause: 'a webhook was answered before it was stored, and nobody reconciled',
    });
  }
}
