import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuditReport, audit } from '../../loadtest/audit/run.js';
import { reportText } from '../../loadtest/audit/text.js';
import { type AuditWorld, openAuditWorld, type Purchase } from '../support/audit-world.js';
import { openTestStores, type TestStores } from '../support/stores.js';

type Planted = AuditWorld & {
  stores: TestStores;
  /** Seats 0 and 1, still held. */
  held: Purchase;
  /** Seat 2, paid. */
  booked: Purchase;
  /** Wanted seat 2 after it was gone. */
  refused: Purchase;
};

type Plant = {
  rule: string;
  text: string;
  settled?: boolean;
  plant: (world: Planted) => Promise<void>;
};

const plants: Plant[] = [
  {
    rule: 'I1',
    text: 'a second reservation of a held seat',
    plant: async ({ shardSql, show, booked, held }) =>
      shardSql(
        `UPDATE reservation SET state = 'HELD', due_at = expires_at, seats = (
           SELECT seats FROM (SELECT seats FROM reservation WHERE show_id = ? AND reservation_id = ?) AS x)
         WHERE show_id = ? AND reservation_id = ?`,
        [show.showId, held.no, show.showId, booked.no],
      ),
  },
  {
    rule: 'I2',
    text: 'a held seat that was set free by hand',
    plant: async ({ shardSql, show }) =>
      shardSql(
        "UPDATE show_seat SET state = 'FREE', reservation_id = NULL WHERE show_id = ? AND seat_no = 0",
        [show.showId],
      ),
  },
  {
    rule: 'I4',
    text: 'a reservation of fewer seats than asked',
    plant: async ({ shardSql, show, held }) =>
      shardSql(
        `UPDATE request SET wish = '{"seats":["A-1","A-2","A-9"]}' WHERE show_id = ? AND request_id = ?`,
        [show.showId, held.no],
      ),
  },
  {
    rule: 'I5',
    text: 'a show that the directory places elsewhere',
    plant: async ({ stores, show }) => {
      await stores.catalog.change(
        'UPDATE shows SET shard_id = IF(shard_id = 1, 2, 1) WHERE show_id = ?',
        [show.showId],
      );
    },
  },
  {
    rule: 'I6',
    text: 'a seat that was blocked without a log entry',
    plant: async ({ shardSql, show }) =>
      shardSql(
        "UPDATE show_log SET detail = REPLACE(detail, '[0,1]', '[5,6]') WHERE show_id = ? AND kind = 'GRANTED'",
        [show.showId],
      ),
  },
  {
    rule: 'I8',
    text: 'a log entry that is gone',
    plant: async ({ shardSql, show }) =>
      shardSql('DELETE FROM show_log WHERE show_id = ? AND lsn = 2', [show.showId]),
  },
  {
    rule: 'I8',
    text: 'a log entry that was rewritten',
    plant: async ({ shardSql, show }) =>
      shardSql('UPDATE show_log SET at = at + INTERVAL 1 SECOND WHERE show_id = ? AND lsn = 2', [
        show.showId,
      ]),
  },
  {
    rule: 'I8',
    text: 'a log whose last entries are gone from head and log alike',
    plant: async ({ shardSql, show }) => {
      await shardSql('UPDATE show_head SET lsn = lsn - 1 WHERE show_id = ?', [show.showId]);
      await shardSql(
        'DELETE l FROM show_log l JOIN show_head h USING (show_id) WHERE l.lsn > h.lsn AND show_id = ?',
        [show.showId],
      );
    },
  },
  {
    rule: 'I10',
    text: 'a request that was decided twice',
    plant: async ({ shardSql, show, refused }) => {
      await shardSql(
        `INSERT INTO show_log (show_id, lsn, at, kind, subject_id, detail)
         SELECT show_id, lsn + 1, NOW(3), 'LAPSED', ?, '{}' FROM show_head WHERE show_id = ?`,
        [refused.no, show.showId],
      );
      await shardSql('UPDATE show_head SET lsn = lsn + 1 WHERE show_id = ?', [show.showId]);
    },
  },
  {
    rule: 'I12',
    text: 'a refused fan who came a minute before the one who was granted',
    plant: async ({ shardSql, show, refused }) =>
      shardSql(
        'UPDATE request SET accepted_at = NOW(3) - INTERVAL 1 MINUTE WHERE show_id = ? AND request_id = ?',
        [show.showId, refused.no],
      ),
  },
  {
    rule: 'I13',
    text: '"sold out" while seats are free',
    plant: async ({ refuse }) => {
      await refuse([7, 8], 'sold_out');
    },
  },
  {
    rule: 'I15',
    text: 'a granted request whose pass nobody was given',
    plant: async ({ stores, held }) => {
      await stores.catalog.change('DELETE FROM admission WHERE pass_id = ?', [held.passId]);
    },
  },
  {
    rule: 'I15',
    text: 'a pass that won twice',
    plant: async ({ stores, shardSql, show, held, booked }) => {
      await shardSql(
        'UPDATE request SET pass_id = ?, fan_id = ? WHERE show_id = ? AND request_id = ?',
        [held.passId, held.fanId, show.showId, booked.no],
      );
      await stores.catalog.change('DELETE FROM admission WHERE pass_id = ?', [booked.passId]);
    },
  },
  {
    rule: 'I16',
    text: 'more admitted in a moment than the rate allows',
    plant: async ({ stores, show }) => {
      await stores.catalog.change(
        `INSERT INTO admission (pass_id, sale_id, fan_id, epoch, admitted_at, expires_at, state)
         VALUES ?`,
        [
          Array.from({ length: 130 }, () => [
            randomBytes(8).toString('hex'),
            show.saleId,
            randomBytes(6).toString('hex'),
            1,
            new Date(1_800_000_000_000),
            new Date(1_800_000_060_000),
            'LIVE',
          ]),
        ],
      );
    },
  },
  {
    rule: 'I20',
    text: 'a hold that nobody ended',
    plant: async ({ shardSql, show, held }) =>
      shardSql(
        'UPDATE reservation SET due_at = NOW(3) - INTERVAL 1 MINUTE WHERE show_id = ? AND reservation_id = ?',
        [show.showId, held.no],
      ),
  },
  {
    rule: 'I21',
    text: 'a hold that ended twice',
    plant: async ({ shardSql, show, booked }) => {
      await shardSql(
        `INSERT INTO show_log (show_id, lsn, at, kind, subject_id, detail)
         SELECT show_id, lsn + 1, NOW(3), 'EXPIRED', ?, '{"seats":[]}' FROM show_head
         WHERE show_id = ?`,
        [booked.no, show.showId],
      );
      await shardSql('UPDATE show_head SET lsn = lsn + 1 WHERE show_id = ?', [show.showId]);
    },
  },
  {
    rule: 'I23',
    text: 'a booking whose payment failed',
    plant: async ({ shardSql, show, booked }) =>
      shardSql("UPDATE payment SET state = 'FAILED' WHERE show_id = ? AND reservation_id = ?", [
        show.showId,
        booked.no,
      ]),
  },
  {
    rule: 'I24',
    text: 'money without a booking',
    settled: true,
    plant: async ({ shardSql, show, held }) =>
      shardSql(
        `INSERT INTO payment (show_id, reservation_id, attempt, idem_key, payment_token, state,
           amount, currency, intent_id, created_at, updated_at)
         SELECT show_id, reservation_id, 1, 'x', 'pm_card_visa', 'SUCCEEDED_LATE', amount, currency,
           'pi_late', NOW(3), NOW(3) FROM reservation WHERE show_id = ? AND reservation_id = ?`,
        [show.showId, held.no],
      ),
  },
  {
    rule: 'I25',
    text: 'a booking that was paid twice',
    plant: async ({ shardSql, show, booked }) =>
      shardSql(
        `INSERT INTO payment (show_id, reservation_id, attempt, idem_key, payment_token, state,
           amount, currency, intent_id, created_at, updated_at)
         SELECT show_id, reservation_id, 2, 'x', 'pm_card_visa', 'SUCCEEDED', amount, currency,
           'pi_twice', NOW(3), NOW(3) FROM payment WHERE show_id = ? AND reservation_id = ?`,
        [show.showId, booked.no],
      ),
  },
  {
    rule: 'I26',
    text: 'more given back than was paid',
    plant: async ({ shardSql, show, booked }) =>
      shardSql(
        `INSERT INTO refund (show_id, reservation_id, refund_no, attempt, amount, currency, reason,
           state, provider_id, created_at, updated_at)
         SELECT show_id, reservation_id, 1, 1, amount + 1, currency, 'test', 'SUCCEEDED', 're_1',
           NOW(3), NOW(3) FROM payment WHERE show_id = ? AND reservation_id = ?`,
        [show.showId, booked.no],
      ),
  },
  {
    rule: 'I28',
    text: 'a ledger that is a unit short',
    plant: async ({ shardSql, show, booked }) =>
      shardSql('UPDATE ledger SET amount = amount - 1 WHERE show_id = ? AND reservation_id = ?', [
        show.showId,
        booked.no,
      ]),
  },
  {
    rule: 'I27',
    text: 'a sum that is not that of the seats',
    plant: async ({ shardSql, show, held }) =>
      shardSql(
        'UPDATE reservation SET amount = amount - 1 WHERE show_id = ? AND reservation_id = ?',
        [show.showId, held.no],
      ),
  },
  {
    rule: 'I31',
    text: 'a booked seat whose ticket is void',
    plant: async ({ shardSql, show, booked }) =>
      shardSql(
        "UPDATE ticket SET state = 'VOID', live_seat = NULL WHERE show_id = ? AND booking_id = ?",
        [show.showId, booked.no],
      ),
  },
  {
    rule: 'I38',
    text: 'a quota that does not count all seats',
    plant: async ({ shardSql, show, held }) =>
      shardSql('UPDATE quota SET taken = 1 WHERE show_id = ? AND fan_id = ?', [
        show.showId,
        held.fanId,
      ]),
  },
  {
    rule: 'I42',
    text: 'a request without a decision',
    settled: true,
    plant: async ({ shardSql, show }) =>
      shardSql(
        `INSERT INTO request (show_id, fan_id, idem_key, body_hash, pass_id, node, wish)
         VALUES (?, 'fan000000000', 'late', ?, 'pass000000000000', 'test0000', '{"seats":["A-9"]}')`,
        [show.showId, 'h'.repeat(22)],
      ),
  },
];

describe('the auditor', () => {
  let stores: TestStores;
  const judge = (saleId: string, settled = false): Promise<AuditReport> =>
    audit({ ...stores, saleId, settled });
  const history = async (): Promise<Planted> => {
    const world = await openAuditWorld(stores);
    const held = await world.grant([0, 1]);
    const booked = await world.grant([2]);
    await world.book(booked);
    const refused = await world.refuse([2, 3], 'seats_taken');
    await world.release(await world.grant([4, 5]));
    return { ...world, stores, held, booked, refused };
  };

  beforeAll(async () => {
    stores = await openTestStores();
  });
  afterAll(() => stores.close());

  it('finds nothing in a history that breaks no rule, and counts it exactly', async () => {
    const { show } = await history();
    const report = await judge(show.saleId);
    expect(report.violations).toEqual([]);
    expect(report).toMatchObject({
      clean: true,
      exact: {
        shows: 1,
        seats: 12,
        seats_sold: 1,
        seats_held: 2,
        seats_free: 9,
        seats_sold_twice: 0,
        requests: 4,
        undecided: 0,
      },
    });
    expect(reportText(report)).toContain('Clean.');
  });

  it.each(plants)('$rule: $text', async ({ rule, plant, settled }) => {
    const world = await history();
    await plant(world);
    const report = await judge(world.show.saleId, settled);
    const found = report.violations.find((violation) => violation.rule === rule);
    expect(found).toMatchObject({ rule, cause: expect.any(String), text: expect.any(String) });
    expect(report.clean).toBe(false);
  });

  it('I3: a guard of the schema that is gone', async () => {
    const { show } = await history();
    const shard = stores.shards.byId(1);
    await shard.change('ALTER TABLE ticket DROP INDEX ticket_live_seat');
    const report = await judge(show.saleId);
    await shard.change('ALTER TABLE ticket ADD UNIQUE KEY ticket_live_seat (show_id, live_seat)');
    expect(report.violations).toMatchObject([
      {
        rule: 'I3',
        where: 'shard 1',
        text: 'UNIQUE ticket.ticket_live_seat is missing or not enforced',
      },
    ]);
  });

  it('I40 and I41: an address in clear', async () => {
    const { show, shardSql } = await history();
    await shardSql(
      `INSERT INTO outbox (show_id, kind, subject_id, payload, created_at)
       VALUES (?, 'ticket_mail', 1, '{"to":"ada@example.com"}', NOW(3))`,
      [show.showId],
    );
    await stores.catalog.change(
      "INSERT INTO fans (fan_id, email, state) VALUES ('fan000000001', 'ada@example.com', 'ACTIVE')",
    );
    const report = await judge(show.saleId);
    expect(report.violations.map(({ rule }) => rule).sort()).toEqual(['I40', 'I41']);
  });

  it('says that a sale is not there', async () => {
    await expect(judge('nowhere')).rejects.toThrow('There is no sale nowhere.');
  });
});
