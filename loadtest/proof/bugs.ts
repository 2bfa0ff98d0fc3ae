// Bugs that people have shipped, each as a change of the compiled text. They exist in throw-away
// copies of the build only: the real code has no switch for them. A text that is not there any more
// ends the run, so that no bug can silently stop being planted.
import type { Behaviour } from '../crowd/plan.js';
import type { Bug } from './bug.js';

const lanes = 'processor/lanes/batch.js';
const decisions = 'core/store/shard/decisions.js';
const overdue = 'core/store/shard/overdue.js';
const bookings = 'core/store/shard/bookings.js';
const database = 'core/store/database.js';
const offers = 'core/store/shard/offers.js';

const paysAlways: Partial<Behaviour> = { abandons: 0, releases: 0, declined: 0, challenged: 0 };
/** More fans than seats, and many who want few of them. */
const hasLine: Partial<Behaviour> = { waits: 0, releases: 0, chooses: 0, seatsMost: 3 };

export const bugs: Bug[] = [
  {
    name: 'answer-before-commit',
    bug: 'a request is called accepted before it is in the journal',
    rules: ['I9', 'I36'],
    patches: [
      {
        file: 'api/accept/accepting.js',
        from: 'accept: (shardId, entry) => groupOf(shardId).add(entry),',
        to: "accept: (shardId, entry) => Math.random() < 0.75 ? Promise.resolve({ ...entry, requestId: 900000000 + Math.floor(Math.random() * 1e6), state: 'ACCEPTED', reason: null, alternatives: [] }) : groupOf(shardId).add(entry),",
      },
    ],
  },
  {
    name: 'plain-read',
    bug: 'two workers decide from what they read without a lock',
    rules: ['I1', 'I2', 'I6', 'I8'],
    patches: [
      { file: lanes, from: 'known?.version === head.version', to: 'known' },
      {
        file: decisions,
        from: "return rows.filter((row) => row.state === 'FREE').length;",
        to: 'return claims.length;',
      },
      { file: decisions, from: "WHERE s.state = 'FREE'`", to: 'WHERE 1 = 1`' },
      { file: lanes, from: 'if (held !== claims.length)', to: 'if (held < 0)' },
    ],
    trouble: 'two workers take turns',
    behaviour: { ...paysAlways, chooses: 0, thinkMs: [300, 900] },
  },
  {
    name: 'carry-on-after-1213',
    bug: 'a transaction that failed half-way is committed',
    rules: ['I2', 'I8', 'I31'],
    patches: [
      {
        file: database,
        from: "await ask(connection, 'ROLLBACK');",
        to: "await ask(connection, 'COMMIT');",
      },
    ],
    trouble: 'statements fail at random',
    behaviour: paysAlways,
  },
  {
    name: 'conclude-from-skip-locked',
    bug: 'seats that somebody has locked count as sold',
    rules: ['I13'],
    patches: [
      { file: lanes, from: 'known?.version === head.version', to: 'false' },
      {
        file: decisions,
        from: 'FROM show_seat WHERE show_id = ? ORDER BY seat_no`',
        to: 'FROM show_seat WHERE show_id = ? ORDER BY seat_no FOR UPDATE SKIP LOCKED`',
      },
    ],
    trouble: 'seat locks held by others',
    behaviour: { chooses: 0 },
  },
  {
    name: 'free-before-cancel',
    bug: 'seats are freed while their payment is still open at the provider',
    rules: ['I22', 'I24', 'I42', 'I2'],
    patches: [
      {
        file: overdue,
        from: "due_at <= ? AND state = 'HELD'",
        to: "expires_at <= ? AND state IN ('HELD', 'PAYING')",
      },
      {
        file: overdue,
        from: "WHERE r.state = 'HELD'`",
        to: "WHERE r.state IN ('HELD', 'PAYING')`",
      },
      {
        file: overdue,
        from: "r.due_at <= NOW(3) AND r.state = 'HELD'",
        to: "r.expires_at <= NOW(3) AND r.state IN ('HELD', 'PAYING')",
      },
    ],
    behaviour: { abandons: 0, releases: 0, challenged: 1, thinkMs: [2_500, 6_000] },
  },
  {
    name: 'no-inbox-key',
    bug: 'an event of the provider may be stored twice',
    rules: ['I29'],
    patches: [],
    unguard: [
      {
        database: 'catalog',
        drop: 'ALTER TABLE inbox DROP PRIMARY KEY',
        make: 'ALTER TABLE inbox ADD PRIMARY KEY (event_id)',
      },
    ],
  },
  {
    name: 'trust-the-job',
    bug: 'fans are told what the worker said, not what was committed',
    rules: ['I36', 'I39', 'I11'],
    patches: [
      {
        file: 'processor/lanes/tell.js',
        from: "if (decision.kind === 'REFUSED') {",
        to: "if (decision.kind === 'GRANTED' && Math.random() < 0.5) return { ...common, state: 'REFUSED', reason: 'seats_taken' };\n    if (decision.kind === 'REFUSED') {",
      },
    ],
  },
  {
    name: 'cap-by-counting',
    bug: 'the cap is looked up before, not locked with the decision',
    rules: ['I38'],
    patches: [
      {
        file: 'core/domain/decide.js',
        from: 'quota.taken + size > rules.seatCap',
        to: 'quota.taken > rules.seatCap',
      },
    ],
    seatCap: 2,
    behaviour: { seatsMost: 4, chooses: 0 },
  },
  {
    name: 'skip-the-outbox',
    bug: 'the mail of a booking is not written with the booking',
    rules: ['I35', 'I34'],
    patches: [
      {
        file: bookings,
        from: "change.outbox({ kind: 'ticket_mail'",
        to: "void ({ kind: 'ticket_mail'",
      },
    ],
    behaviour: paysAlways,
  },
  {
    name: 'ends-holds-early',
    bug: 'holds end by a clock that is two seconds fast',
    rules: ['I19'],
    patches: [
      { file: overdue, from: 'due_at <= ? AND', to: 'due_at <= ? + INTERVAL 2 SECOND AND' },
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
        from: "due_at <= ? AND state = 'HELD'",
        to: "due_at <= ? AND 1 = 0 AND state = 'HELD'",
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
    offerSeconds: 2,
    behaviour: { ...hasLine, abandons: 0.4 },
  },
];
