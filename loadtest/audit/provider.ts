// I24 to I26 against the provider's own books, where it is the local sandbox.
import type { Findings, Rule } from './findings.js';
import { capturedPayments, type PaymentRow, type RefundRow } from './rows.js';

type Intent = { id: string; status: string; amount_received: number; currency: string };
type Refund = { id: string; payment_intent: string; amount: number; status: string };
type Event = { id: string; type: string; object_id: string };
type Dispute = {
  id: string;
  payment_intent: string;
  amount: number;
  currency: string;
  status: string;
};
export type ProviderBooks = {
  intents: Intent[];
  refunds: Refund[];
  disputes: Dispute[];
  events: Event[];
};

const fetchMsMax = 5_000;

/** The sandbox's ledger; undefined when the provider keeps none that can be read. */
export async function readProviderBooks(base: string): Promise<ProviderBooks | undefined> {
  let answer: Response;
  try {
    answer = await fetch(new URL('/_sandbox/ledger', base), {
      signal: AbortSignal.timeout(fetchMsMax),
    });
  } catch {
    return undefined;
  }
  if (!answer.ok) return undefined;
  const ledger = (await answer.json()) as Record<string, unknown>;
  const list = <T>(...names: string[]): T[] => {
    const found = names.map((name) => ledger[name]).find(Array.isArray);
    return (found ?? []) as T[];
  };
  return {
    intents: list<Intent>('intents', 'payment_intents'),
    refunds: list<Refund>('refunds'),
    disputes: list<Dispute>('disputes'),
    events: list<Event>('events'),
  };
}

/** `complete` says that all shows were read, so that foreign money would be noticed. */
export function checkProvider(
  books: ProviderBooks,
  payments: PaymentRow[],
  refunds: RefundRow[],
  { settled, complete }: { settled: boolean; complete: boolean },
  findings: Findings,
): void {
  const add = (rule: Rule, text: string, rows: string[], cause: string) =>
    findings.add({ rule, where: 'the provider', text, rows, cause });
  const intents = new Map(books.intents.map((intent) => [intent.id, intent]));
  const known = new Set<string>();
  findings.checked('I25', payments.length);
  for (const row of payments) {
    if (row.intent_id === null) continue;
    known.add(row.intent_id);
    const intent = intents.get(row.intent_id);
    const taken = intent?.status === 'succeeded' ? intent.amount_received : 0;
    const claims = capturedPayments.includes(row.state);
    const booked = row.received_amount ?? row.amount;
    if (claims ? taken === booked : taken === 0 || !settled) continue;
    add(
      claims ? 'I25' : 'I24',
      `payment (${row.reservation_id}, ${row.attempt}) is ${row.state} of ${row.amount}, the provider took ${taken}`,
      [`payment(${row.reservation_id}, ${row.attempt})`, `intent(${row.intent_id})`],
      claims
        ? 'success was believed without the provider having said so'
        : 'a success of the provider was never settled: webhook lost and reconciler not running',
    );
  }
  for (const row of refunds) if (row.intent_id !== null) known.add(row.intent_id);
  checkProviderRefunds(books, refunds, add);
  if (!settled || !complete) return;
  for (const intent of books.intents) {
    if (intent.status !== 'succeeded' || known.has(intent.id)) continue;
    add(
      'I24',
      `the provider took ${intent.amount_received} for intent ${intent.id}, which no payment names`,
      [`intent(${intent.id})`],
      'the answer to a call was lost and the attempt was never looked up',
    );
  }
}

function checkProviderRefunds(
  books: ProviderBooks,
  refunds: RefundRow[],
  add: (rule: Rule, text: string, rows: string[], cause: string) => void,
): void {
  const back = new Map<string, number>();
  for (const refund of books.refunds) {
    if (refund.status === 'failed' || refund.status === 'canceled') continue;
    back.set(refund.payment_intent, (back.get(refund.payment_intent) ?? 0) + refund.amount);
  }
  for (const intent of books.intents) {
    const sum = back.get(intent.id) ?? 0;
    if (sum <= intent.amount_received) continue;
    const text = `the provider gave back ${sum} of ${intent.amount_received} for intent ${intent.id}`;
    add('I26', text, [`intent(${intent.id})`], 'a refund was repeated under another key');
  }
  const theirs = new Set(books.refunds.map((refund) => refund.id));
  for (const row of refunds) {
    if (row.provider_id === null || theirs.has(row.provider_id)) continue;
    if (row.provider_id.startsWith('desk')) continue;
    const text = `refund (${row.reservation_id}, ${row.refund_no}) names ${row.provider_id}, which the provider does not have`;
    const rows = [`refund(${row.reservation_id}, ${row.refund_no})`];
    add('I26', text, rows, 'the provider was exchanged, or the id was invented');
  }
}
