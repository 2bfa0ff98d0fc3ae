// Bugs that people have shipped, each as a change of the compiled text. They exist in throw-away
// copies of the build only: the real code has no switch for them. A text that is not there any more
// ends the run, so that no bug can silently stop being planted.
import type { Bug } from './bug.js';
import { moreBugs, paysAlways } from './more-bugs.js';
import { rareBugs } from './rare-bugs.js';

const lanes = 'processor/lanes/batch.js';
const decisions = 'core/store/shard/decisions.js';
const overdue = 'core/store/shard/overdue.js';
const bookings = 'core/store/shard/bookings.js';
const database = 'core/store/database.js';

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
    bug: 'a worker decides from what it read earlier, without a lock',
    rules: ['I1', 'I2', 'I6', 'I8'],
    patches: [
      { file: lanes, from: 'known?.version === head.version', to: 'false' },
      {
        file: lanes,
        from: 'return buildSeatMap(await readSeats(tx, head.showId));',
        to: 'const reads = (globalThis.earlierReads ??= new Map());\n    const rows = (Math.random() < 0.6 && reads.get(head.showId)) || (await readSeats(tx, head.showId));\n    reads.set(head.showId, rows.map((row) => ({ ...row })));\n    return buildSeatMap(rows);',
      },
      {
        file: decisions,
        from: "return rows.filter((row) => row.state === 'FREE').length;",
        to: 'return claims.length;',
      },
      { file: decisions, from: "WHERE s.state = 'FREE'`", to: 'WHERE 1 = 1`' },
      { file: lanes, from: 'if (held !== claims.length)', to: 'if (held < 0)' },
    ],
    behaviour: { ...paysAlways, chooses: 0, seatsMost: 1 },
    overMs: 6_000,
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
    rules: ['I22'],
    patches: [
      {
        file: overdue,
        from: "AND due_at <= NOW(3) AND state = 'HELD'",
        to: "AND expires_at <= NOW(3) AND state IN ('HELD', 'PAYING')",
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
        make: ['ALTER TABLE inbox ADD PRIMARY KEY (event_id)'],
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
  ...moreBugs,
  ...rareBugs,
];
