// Bugs against the rules that the other bugs leave alone; planted in the same way.
import type { Bug } from './bug.js';
import { paysAlways } from './more-bugs.js';

const lanes = 'processor/lanes/batch.js';
const settle = 'core/store/shard/settle.js';
const admit = 'core/store/shard/admit-ticket.js';
const pump = 'admission/pump.js';

/** Everybody gives seats back, one after the other. */
const givesBack = { releases: 1, abandons: 0, chooses: 0 };

const orderBugs: Bug[] = [
  {
    name: 'newest-first',
    bug: 'a slow lane decides who came last first',
    rules: ['I14', 'I12'],
    patches: [
      {
        file: 'core/store/shard/waiting.js',
        from: 'ORDER BY r.request_id LIMIT ?)`;',
        to: 'ORDER BY r.request_id DESC LIMIT ?)`;',
      },
      {
        file: 'core/store/shard/waiting.js',
        from: 'ORDER BY r.show_id, r.request_id LIMIT ?',
        to: 'ORDER BY r.show_id, r.request_id DESC LIMIT ?',
      },
      {
        file: 'processor/lanes/collect.js',
        from: 'export const batchRowsMax = 500;',
        to: 'export const batchRowsMax = 1;',
      },
      {
        file: lanes,
        from: 'const shows = await shard.transaction(',
        to: 'await new Promise((resolve) => setTimeout(resolve, 700));\n    const shows = await shard.transaction(',
      },
    ],
    behaviour: { ...paysAlways, chooses: 0, seatsMost: 4 },
    overMs: 10_000,
  },
  {
    name: 'log-lags',
    bug: 'decisions reach the log with the batch after theirs',
    rules: ['I7'],
    patches: [
      {
        file: lanes,
        from: 'const entries = [...expired, ...(show.line?.logs ?? []), ...decided];',
        to: 'const late = (globalThis.lateEntries ??= new Map());\n    const entries = [...expired, ...(show.line?.logs ?? []), ...(late.get(showId) ?? [])];\n    late.set(showId, decided);',
      },
    ],
    behaviour: { ...givesBack, thinkMs: [0, 50] },
    overMs: 8_000,
  },
  {
    name: 'no-request-key',
    bug: 'one key may be journalled twice',
    rules: ['I11'],
    patches: [],
    unguard: [
      {
        database: 'shard',
        drop: 'ALTER TABLE request DROP KEY request_idem',
        make: [
          `DELETE b FROM request a JOIN request b ON b.show_id = a.show_id AND b.fan_id = a.fan_id
             AND b.idem_key = a.idem_key AND b.request_id > a.request_id`,
          'ALTER TABLE request ADD UNIQUE KEY request_idem (show_id, fan_id, idem_key)',
        ],
      },
    ],
    behaviour: { doubles: 1 },
  },
  {
    name: 'ends-twice',
    bug: 'giving back a hold that is over ends it once more',
    rules: ['I21'],
    patches: [
      {
        file: 'api/routes/reservations.js',
        from: "case 'EXPIRED':\n        case 'RELEASED':",
        to: "case 'EXPIRED':\n            change.log({ kind: 'RELEASED', subjectId: no, detail: { seats: [] } });\n            return undefined;\n        case 'RELEASED':",
      },
    ],
    behaviour: { ...givesBack, thinkMs: [2_500, 5_000] },
  },
];

const roomBugs: Bug[] = [
  {
    name: 'back-of-the-line',
    bug: 'who asks for the own place is sometimes put at the end',
    rules: ['I17', 'I18'],
    patches: [
      {
        file: 'admission/lua/place-6.lua',
        from: "if mark.kind == 'b' then return 'barred' end",
        to: "if mark.kind == 'w' and tonumber(redis.call('TIME')[2]) % 10 == 0 then\n  local seq = redis.call('HINCRBY', keys.room, 'seq', 1)\n  redis.call('ZADD', keys.line, seq, fan)\n  mark.score = seq\nend\nif mark.kind == 'b' then return 'barred' end",
      },
    ],
    behaviour: { sockets: 0 },
    ratePerMinute: 60,
  },
  {
    name: 'pass-before-admission',
    bug: 'a pass can be fetched before its admission is written, which is lost at times',
    rules: ['I15'],
    patches: [
      {
        file: pump,
        from: 'if (!(await catalog.transaction((tx) => writeAdmissions(tx, sale, picks)))) {',
        to: 'if (Math.random() < 0.5 && !(await catalog.transaction((tx) => writeAdmissions(tx, sale, picks)))) {',
      },
      {
        file: pump,
        from: 'const passes = await readPasses(catalog, picks.map((pick) => pick.passId));',
        to: 'const passes = picks.map((pick) => ({ ...pick, expiresAtMs: Date.now() + 600_000, live: true }));',
      },
    ],
  },
  {
    name: 'answers-crossed',
    bug: 'an answer now and then names the reservation of the fan before',
    rules: ['I39'],
    patches: [
      {
        file: 'api/accept/answer.js',
        from: "        reservation_id: formatId('reservation', ref),",
        to: "        reservation_id: formatId('reservation', Math.random() < 0.3 && globalThis.refBefore || (globalThis.refBefore = ref)),",
      },
    ],
  },
  {
    name: 'one-nonce',
    bug: 'all sealed values have the same nonce',
    rules: ['I41'],
    patches: [
      {
        file: 'core/runtime/sealing.js',
        from: 'const nonce = randomBytes(nonceBytes);',
        to: 'const nonce = Buffer.alloc(nonceBytes, 7);',
      },
    ],
  },
  {
    name: 'no-last-guard',
    bug: 'a migration takes a CHECK away: a seat may be held by nobody',
    rules: ['I3'],
    patches: [],
    unguard: [
      {
        database: 'shard',
        drop: 'ALTER TABLE show_seat DROP CONSTRAINT show_seat_owner',
        make: [
          `ALTER TABLE show_seat ADD CONSTRAINT show_seat_owner
             CHECK ((state IN ('HELD', 'BOOKED')) = (reservation_id IS NOT NULL))`,
        ],
      },
    ],
  },
];

const moneyBugs: Bug[] = [
  {
    name: 'question-is-money',
    bug: 'a card that asks for 3-D Secure counts as paid',
    rules: ['I25'],
    patches: [
      {
        file: settle,
        from: "case 'action':\n        case 'processing':",
        to: "case 'action':\n            return settleMoney(change, reservation, payment, { ...fact, received: { amount: payment.amount, currency: payment.currency }, wrongMode: false });\n        case 'processing':",
      },
    ],
    behaviour: { ...paysAlways, challenged: 1 },
  },
  {
    name: 'refund-promised',
    bug: 'a refund is called done when it was only meant',
    rules: ['I26'],
    patches: [
      {
        file: 'core/payments/refunding.js',
        from: '? await makeRefund(deps, refund)',
        to: "? { kind: 'refunded', refundId: 're_promised_' + refund.reservationId, code: null }",
      },
    ],
    behaviour: paysAlways,
    afterwards: 'desk and door',
  },
  {
    name: 'webhooks-forgotten',
    bug: 'events are answered and not stored, and nobody looks after open payments',
    rules: ['I30'],
    patches: [
      {
        file: 'api/webhook.js',
        from: 'const isNew = await insertEvent(deps.catalog, event);',
        to: 'const isNew = false;',
      },
      {
        file: 'core/store/shard/payments.js',
        from: 'WHERE check_at <= NOW(3) AND (state',
        to: 'WHERE 1 = 0 AND check_at <= NOW(3) AND (state',
      },
    ],
    behaviour: { ...paysAlways, challenged: 1, closesPage: 0.5 },
    wholeAudit: true,
  },
];

const doorBugs: Bug[] = [
  {
    name: 'second-scan',
    bug: 'the door does not look whether a ticket was used',
    rules: ['I32'],
    patches: [
      { file: admit, from: "ticket.state !== 'VALID' ||", to: "ticket.state === 'VOID' ||" },
      { file: admit, from: "AND state = 'VALID'`", to: "AND state <> 'VOID'`" },
    ],
    behaviour: paysAlways,
    afterwards: 'desk and door',
  },
  {
    name: 'void-admitted',
    bug: 'the door goes by a list from before the booking was cancelled',
    rules: ['I33'],
    patches: [
      {
        file: admit,
        from: "    if (ticket.state !== 'VALID' ||",
        to: "    if (ticket.state === 'VOID') {\n        change.log({ kind: 'USED', subjectId: ref.no, detail: { by: ask.by, gate: ask.gate, seat_no: ref.seatNo } });\n        return { admitted: true, ticket };\n    }\n    if (ticket.state !== 'VALID' ||",
      },
    ],
    behaviour: paysAlways,
    afterwards: 'desk and door',
  },
  {
    name: 'move-leaves-rows',
    bug: 'a show that moved is left behind on its old shard, too',
    rules: ['I5'],
    patches: [
      {
        file: 'core/store/move-show.js',
        from: '    await emptyShow(source, showId, fence);',
        to: '',
      },
    ],
    afterwards: 'a move',
  },
];

export const rareBugs: Bug[] = [...orderBugs, ...roomBugs, ...moneyBugs, ...doorBugs];
