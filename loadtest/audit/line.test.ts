import { describe, expect, it } from '@jest/globals';
import { gatherFindings } from './findings.js';
import { checkLine } from './line.js';
import type { LogRow, RequestRow, ShowRows, WaitRow } from './rows.js';

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1_000);

const seat = (no: number, owner: number | null) => ({
  seat_no: no,
  seat: `A-${no}`,
  zone: 'stalls',
  kind: 'standard',
  state: owner === null ? 'FREE' : 'HELD',
  reservation_id: owner,
});

const request = (id: number, fan: string, more: Partial<RequestRow>): RequestRow => ({
  request_id: id,
  fan_id: fan,
  idem_key: `k${id}`,
  pass_id: `p${id}`,
  wish: '{"quantity":1}',
  accepted_at: at(id),
  state: 'GRANTED',
  reason: null,
  decided_at: at(id),
  ...more,
});

const entry = (lsn: number, kind: string, subject: number, detail: object): LogRow => ({
  lsn,
  at: at(lsn),
  kind,
  subject_id: subject,
  detail: JSON.stringify(detail),
  chain: '',
});

const waits = (fan: string, place: number, more: Partial<WaitRow> = {}): WaitRow => ({
  fan_id: fan,
  place,
  state: 'WAITING',
  quantity: 1,
  offered: 0,
  lapses: 0,
  zone: null,
  step_free: 0,
  accept_fewer: 0,
  joined_at: at(place + 1),
  ...more,
});

const lost = { state: 'REFUSED', reason: 'show_full' };

/** One seat, sold to ada; bo and cy joined the line at entries 2 and 3. */
function soldOut(): ShowRows {
  const show = {
    showId: 1,
    where: 'show 1',
    nowMs: at(60).getTime(),
    head: { seat_cap: 10, starts_at: at(9_000), offer_seconds: 60, offers_stop_seconds: 0 },
    gate: { state: 'OPEN' },
    seats: [seat(1, 1)],
    requests: [request(1, 'ada', {}), request(2, 'bo', lost), request(3, 'cy', lost)],
    reservations: [],
    quotas: [],
    waits: [waits('bo', 1), waits('cy', 2)],
    log: [
      entry(1, 'GRANTED', 1, { seats: [1] }),
      entry(2, 'REFUSED', 2, { reason: 'show_full' }),
      entry(3, 'REFUSED', 3, { reason: 'show_full' }),
    ],
  } as unknown as ShowRows;
  show.head.waiting = 2;
  return show;
}

function told(show: ShowRows): string[] {
  const findings = gatherFindings();
  checkLine(show, findings);
  return findings.list().map(({ rule, text }) => `${rule} ${text}`);
}

/** Ada's hold is over, and its seat has been given to somebody. */
function freed(show: ShowRows, to: RequestRow, detail: object): ShowRows {
  show.log.push(entry(4, 'EXPIRED', 1, { seats: [1] }));
  show.log.push(entry(5, 'GRANTED', to.request_id, { seats: [1], ...detail }));
  show.requests.push(to);
  show.seats = [seat(1, to.request_id)];
  return show;
}

describe('I37', () => {
  it('holds for a line in which nothing has come back', () => {
    expect(told(soldOut())).toEqual([]);
  });

  it('sees a seat that lies free beside the line', () => {
    const show = soldOut();
    show.seats = [seat(1, null)];
    expect(told(show)).toContain('I37 fan bo waits for 1 seats, which are free');
  });

  it('sees a seat sold to one who only asked', () => {
    const [first] = told(freed(soldOut(), request(4, 'dee', {}), {}));
    expect(first).toBe('I37 entry 5 sold to the public what fan bo waits for since entry 2');
  });

  it('sees an offer to one who came later, and none to the first', () => {
    const offer = { offer: true };
    const toSecond = freed(soldOut(), request(4, 'cy', { accepted_at: at(3) }), offer);
    toSecond.waits = [waits('bo', 1)];
    toSecond.head.waiting = 1;
    expect(told(toSecond)[0]).toContain('offered to one who came later what fan bo waits for');
    const toFirst = freed(soldOut(), request(4, 'bo', { accepted_at: at(2) }), offer);
    toFirst.waits = [waits('cy', 2)];
    toFirst.head.waiting = 1;
    expect(told(toFirst)).toEqual([]);
  });

  it('sees counts that do not agree', () => {
    const show = soldOut();
    show.waits = [waits('bo', 1, { offered: 1 }), waits('cy', 2)];
    show.head.waiting = 3;
    expect(told(show)).toEqual([
      'I37 fan bo has 0 seats in open offers, the line says 1',
      'I37 2 wait in line, the head says 3',
    ]);
  });

  it('passes over one who let an offer lapse, and one whose cap is reached', () => {
    const show = soldOut();
    show.seats = [seat(1, null)];
    show.waits = [waits('bo', 1, { lapses: 1 }), waits('cy', 2)];
    show.quotas = [{ fan_id: 'cy', taken: 10 }];
    expect(told(show)).toEqual([]);
  });
});
