// More bugs than those that every auditor must see; planted in the same way.
import type { Behaviour } from '../crowd/plan.js';
import type { Bug } from './bug.js';

const lanes = 'processor/lanes/batch.js';
const decisions = 'core/store/shard/decisions.js';
const overdue = 'core/store/shard/overdue.js';
const bookings = 'core/store/shard/bookings.js';
const offers = 'core/store/shard/offers.js';
/** More fans than seats, and many who want few of them. */
const hasLine: Partial<Behaviour> = { waits: 0, releases: 0, chooses: 0, seatsMost: 3 };

export const paysAlways: Partial<Behaviour> = {
  abandons: 0,
  releases: 0,
  declined: 0,
  challenged: 0,
};

export const moreBugs: Bug[] = [
  {
    name: 'ends-holds-early',
    bug: 'holds end by a clock that is two seconds fast',
    rules: ['I19'],
    patches: [
      {
        file: overdue,
        from: 'AND due_at <= NOW(3)',
        to: 'AND due_at <= NOW(3) + INTERVAL 2 SECOND',
      },
      { file: overdue, from: 'r.due_at <= NOW(3)', to: 'r.due_at <= NOW(3) + INTERVAL 2 SECOND' },
    ],
    behaviour: { abandons: 1, releases: 0 },
  },
  {
    name: 'nobody-ends-holds',
    bug: 'the end of holds is left to a timer that never fires',
    rules: ['I20', 'I42'],
    patches: [
      {
        file: overdue,
        from: "AND due_at <= NOW(3) AND state = 'HELD'",
        to: "AND due_at <= NOW(3) AND 1 = 0 AND state = 'HELD'",
      },
      { file: overdue, from: 'r.due_at <= NOW(3) AND', to: 'r.due_at <= NOW(3) AND 1 = 0 AND' },
    ],
    behaviour: { abandons: 1, releases: 0 },
  },
  {
    name: 'keeps-the-quota',
    bug: 'seats that were given back still count for the cap',
    rules: ['I38'],
    patches: [
      {
        file: 'core/store/shard/seats.js',
        from: 'UPDATE quota SET taken = taken - ?',
        to: 'UPDATE quota SET taken = taken - 0 * ?',
      },
    ],
    behaviour: { releases: 1, abandons: 0 },
  },
  {
    name: 'another-price',
    bug: 'the amount is not the sum of the seats',
    rules: ['I27'],
    patches: [{ file: decisions, from: '        grant.amount,', to: '        grant.amount + 1,' }],
  },
  {
    name: 'fewer-seats-than-asked',
    bug: 'a group gets a part of its seats',
    rules: ['I4', 'I2'],
    patches: [
      {
        file: decisions,
        from: 'JSON.stringify(grant.seats.map(',
        to: 'JSON.stringify(grant.seats.slice(0, Math.max(1, grant.seats.length - 1)).map(',
      },
    ],
    behaviour: { seatsMost: 4, abandons: 1, releases: 0 },
  },
  {
    name: 'ticket-missing',
    bug: 'one seat of a booking gets no ticket',
    rules: ['I31'],
    patches: [
      {
        file: bookings,
        from: '[seats.map(({ seatNo })',
        to: '[seats.slice(0, 1).map(({ seatNo })',
      },
    ],
    behaviour: { ...paysAlways, seatsMost: 4 },
  },
  {
    name: 'decision-not-logged',
    bug: 'refusals leave no entry in the log',
    rules: ['I10'],
    patches: [
      {
        file: lanes,
        from: 'const decided = show.decisions.map(',
        to: "const decided = show.decisions.filter((one) => one.kind !== 'REFUSED').map(",
      },
    ],
    behaviour: { seatsMost: 4, chooses: 1 },
  },
  {
    name: 'unchained-log',
    bug: 'an entry is changed after its hash was made',
    rules: ['I8'],
    patches: [
      {
        file: lanes,
        from: 'return { rows, head: {',
        to: "for (const row of rows) if (row.length > 5 && Math.random() < 0.2) row[3] = 'LAPSED';\n    return { rows, head: {",
      },
    ],
  },
  {
    name: 'no-rate',
    bug: 'the room lets everybody in at once',
    rules: ['I16'],
    patches: [
      {
        file: 'admission/lua/tick-11.lua',
        from: 'tokens = math.min(tokens, 1 + burst_ms * rate / 60000)',
        to: 'tokens = 1000',
      },
      { file: 'admission/lua/tick-11.lua', from: 'math.min(tokens, rate - sums[1])', to: 'tokens' },
    ],
    ratePerMinute: 60,
  },
  {
    name: 'mail-address-in-a-message',
    bug: 'an address travels with a message',
    rules: ['I40'],
    patches: [
      {
        file: bookings,
        from: "kind: 'ticket_mail', subjectId: reservationId, payload: {}",
        to: "kind: 'ticket_mail', subjectId: reservationId, payload: { to: 'ada@example.org' }",
      },
    ],
    behaviour: paysAlways,
  },
  {
    name: 'books-without-money',
    bug: 'a declined card still gets the seats',
    rules: ['I23', 'I24', 'I25'],
    patches: [
      {
        file: 'core/store/shard/settle.js',
        from: 'return settleWithoutMoney(change, reservation, payment, fact);',
        to: "if (fact.kind === 'declined' && reservation.state === 'PAYING') { await bookReservation(change, reservation, payment.attempt); return 'booked'; }\n            return settleWithoutMoney(change, reservation, payment, fact);",
      },
    ],
    behaviour: { ...paysAlways, declined: 1 },
  },
  {
    name: 'line-ignored',
    bug: 'freed seats go to whoever asks first, although others wait',
    rules: ['I37'],
    patches: [
      {
        file: offers,
        from: 'if (head.waiting === 0 ||',
        to: 'if (head.waiting >= 0 ||',
      },
    ],
    offerSeconds: 2,
    behaviour: { ...hasLine, abandons: 1 },
  },
  {
    name: 'line-backwards',
    bug: 'who came last to the waitlist is offered seats first',
    rules: ['I37'],
    patches: [
      {
        file: 'core/store/shard/waitlist.js',
        from: 'ORDER BY place LIMIT ? FOR UPDATE`',
        to: 'ORDER BY place DESC LIMIT ? FOR UPDATE`',
      },
    ],
    // Long enough that those who were passed over still wait when the auditor comes.
    offerSeconds: 20,
    behaviour: { ...hasLine, abandons: 0.4 },
  },
];
