import { describe, expect, it } from '@jest/globals';
import { gatherFindings } from './findings.js';
import { checkOrder } from './order.js';
import type {
  LogRow,
  PaymentRow,
  RefundRow,
  RequestRow,
  ReservationRow,
  ShowRows,
} from './rows.js';
import { checkShowSettled } from './settled.js';

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1_000);

const request = (id: number, cameAt: number) =>
  ({ request_id: id, accepted_at: at(cameAt), state: 'GRANTED' }) as RequestRow;
const hold = (id: number, until: number) =>
  ({ reservation_id: id, state: 'EXPIRED', expires_at: at(until) }) as ReservationRow;

const entry = (lsn: number, kind: string, subject: number): LogRow => ({
  ...{ lsn, at: at(lsn), kind, subject_id: subject, detail: '{}', chain: '' },
});

function showOf(rows: Partial<ShowRows>): ShowRows {
  const none = { requests: [], reservations: [], payments: [], refunds: [], log: [] };
  return { where: 'show 1', nowMs: at(999).getTime(), ...none, ...rows } as unknown as ShowRows;
}

function rulesOf(check: (findings: ReturnType<typeof gatherFindings>) => void): string[] {
  const findings = gatherFindings();
  check(findings);
  return findings.list().map(({ rule }) => rule);
}

describe('the order of decisions', () => {
  const decided = (first: RequestRow, second: RequestRow, clockMsMax = 0) =>
    rulesOf((findings) =>
      checkOrder(
        showOf({
          requests: [first, second],
          log: [entry(1, 'GRANTED', first.request_id), entry(2, 'GRANTED', second.request_id)],
        }),
        clockMsMax,
        findings,
      ),
    );

  it('is broken by one who came much earlier and was decided later', () => {
    expect(decided(request(2, 30), request(1, 0))).toEqual(['I14']);
    expect(decided(request(2, 3), request(1, 0))).toEqual([]);
  });

  it('is kept though a clock that is known to have moved was put back between the two', () => {
    expect(decided(request(1, 30), request(2, 0), 30_000)).toEqual([]);
    expect(decided(request(1, 30), request(2, 0), 20_000)).toEqual(['I14']);
  });
});

describe('the end of a hold', () => {
  const ended = (...log: LogRow[]) =>
    rulesOf((findings) => checkOrder(showOf({ reservations: [hold(7, 60)], log }), 0, findings));

  it('is no earlier than its time, but for a show that was cancelled', () => {
    expect(ended(entry(5, 'EXPIRED', 7))).toEqual(['I19']);
    expect(ended(entry(61, 'EXPIRED', 7))).toEqual([]);
    expect(ended(entry(4, 'SHOW_CANCEL', 0), entry(5, 'EXPIRED', 7))).toEqual([]);
    expect(ended(entry(5, 'EXPIRED', 7), entry(6, 'SHOW_CANCEL', 0))).toEqual(['I19']);
  });
});

describe('what is settled', () => {
  const owed = (method: string) => {
    const payment = { reservation_id: 1, attempt: 1, method, state: 'SUCCEEDED' } as PaymentRow;
    const refund = { reservation_id: 1, attempt: 1, refund_no: 1, state: 'CREATED' } as RefundRow;
    return rulesOf((findings) =>
      checkShowSettled(showOf({ payments: [payment], refunds: [refund] }), findings),
    );
  };

  it('has no refund that the provider was not asked for; one at the desk waits for its guest', () => {
    expect(owed('provider')).toEqual(['I42']);
    expect(owed('cash')).toEqual([]);
  });
});
