// Discount codes: counted over all shows and shards, decided in the lane, and exact in the books.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { formatId, parseId } from '../../core/domain/ids.js';
import { claimsOf } from '../../core/store/catalog/cap-claims.js';
import { createDiscount, endDiscount, usesOf } from '../../core/store/catalog/discounts.js';
import { audit } from '../../loadtest/audit/run.js';
import { claimsHandler } from '../../processor/outbox/claims.js';
import type { OutboxDeps } from '../../processor/outbox/deps.js';
import { drainRefunds } from '../../processor/payments/reconciler.js';
import { balances } from '../support/books.js';
import { seedShow, type TestHold, type TestShow } from '../support/fixtures.js';
import { randomText } from '../support/lane-world.js';
import { chargesOf } from '../support/payment-rows.js';
import { openPaymentWorld, type PaymentWorld } from '../support/payment-world.js';
import { type Answered, openReserving, type Reserving } from '../support/reserving.js';
import { until } from '../support/until.js';

describe('discount codes', () => {
  let world: PaymentWorld;
  let shows: TestShow[];
  let api: Reserving;
  const opened: Reserving[] = [];

  beforeAll(async () => {
    world = await openPaymentWorld();
    world.sandbox.faults.change({ webhooks: 'off' });
    shows = await showsOnBothShards();
    api = open();
  });
  afterEach(() => api.setLanes(true));
  afterAll(async () => {
    for (const one of opened) one.close();
    await world.close();
  });

  const open = (
    ...changed: Parameters<typeof openReserving> extends [unknown, ...infer R] ? R : []
  ) => {
    const one = openReserving(world, ...changed);
    opened.push(one);
    return one;
  };
  /** Four shows of one sale, two on each of two shards. */
  const showsOnBothShards = async (): Promise<TestShow[]> => {
    const { stores } = world;
    const of = new Map<number, TestShow[]>();
    for (let tries = 0; tries < 60 && [...of.values()].flat().length < 4; tries += 1) {
      const show = await seedShow(stores, { seats: 30 });
      const shardId = (await stores.shards.idOf(show.showId)) ?? 0;
      const list = of.get(shardId) ?? [];
      if (list.length < 2) of.set(shardId, [...list, show]);
    }
    const all = [...of.values()].flat();
    const saleId = all[0]?.saleId ?? '';
    for (const { showId } of all) {
      await stores.catalog.change('UPDATE shows SET sale_id = ? WHERE show_id = ?', [
        saleId,
        showId,
      ]);
      const shard = await stores.shards.forShow(showId);
      await shard.change('UPDATE show_gate SET sale_id = ? WHERE show_id = ?', [saleId, showId]);
    }
    expect(of.size).toBe(2);
    return all.map((show) => ({ ...show, saleId }));
  };
  const make = async (
    more: Partial<Parameters<typeof createDiscount>[1]> = {},
  ): Promise<string> => {
    const code = randomText(8)
      .toUpperCase()
      .replace(/[^A-Z0-9]/g, 'X');
    const none = { amount: null, currency: null, startsAt: null, endsAt: null, saleId: null };
    const rule = { ...none, code, percent: 10, usesMax: 5, shows: null, actor: 'ops', ...more };
    await world.stores.catalog.transaction((tx) => createDiscount(tx, rule));
    return code;
  };
  const uses = async (code: string): Promise<number> => {
    const claims = await claimsOf(world.stores.catalog, usesOf(code));
    const [quota] = await world.stores.catalog.rows<{ taken: number }>(
      "SELECT taken FROM cap_quota WHERE kind = 'code' AND holder = ?",
      [code],
    );
    expect(claims.reduce((sum, claim) => sum + claim.units, 0)).toBe(quota?.taken ?? 0);
    return quota?.taken ?? 0;
  };
  const relay = async (): Promise<void> => {
    for (const shardId of world.stores.shards.ids()) {
      const rows = await world.stores.shards
        .byId(shardId)
        .rows<{ showId: number; payload: string }>(
          "SELECT show_id AS showId, payload FROM outbox WHERE kind = 'claims' ORDER BY outbox_id",
        );
      for (const { showId, payload } of rows) {
        const row = { showId, payload: JSON.parse(payload) as Record<string, unknown> };
        await claimsHandler(world.stores as unknown as OutboxDeps, {
          ...{ ...row, outboxId: 1, kind: 'claims', subjectId: 1, tries: 1 },
        });
      }
    }
  };
  const at = (no: number): TestShow => shows[no % shows.length] as TestShow;
  const storm = (by: Reserving, code: string): Promise<Answered[]> =>
    Promise.all(
      Array.from({ length: 20 }, (_, no) =>
        by.reserve({ show: at(no), body: { quantity: 1, code } }),
      ),
    );
  const holdOf = (fanId: string, { body }: Answered): TestHold => {
    const ref = parseId('reservation', String(body.reservation_id));
    if (!ref) throw new Error(`no hold: ${JSON.stringify(body)}`);
    return { showId: ref.showId, reservationId: ref.no, fanId, amount: Number(body.amount) };
  };
  const brokenMoney = async (): Promise<string[]> =>
    (await audit({ ...world.stores })).violations
      .filter(({ rule }) => ['I23', 'I26', 'I27', 'I28'].includes(rule))
      .map(({ text }) => text);

  it('gives 5 uses to 20 parallel requests on four shows of two shards', async () => {
    const code = await make();
    const told = await storm(api, code);
    const won = told.filter(({ status }) => status === 200);
    expect(won.map(({ body }) => [body.amount, body.discount, body.discount_code])).toEqual(
      Array(5).fill([21_600, 2_400, code]),
    );
    const lost = told.filter(({ status }) => status !== 200);
    expect(lost.map(({ body }) => body.error)).toEqual(Array(15).fill('discount_used_up'));
    expect(await uses(code)).toBe(5);
  });

  it('is used 20 times when nothing is counted', async () => {
    const capClaiming = { claim: async () => undefined, settle: () => undefined };
    const told = await storm(open({ capClaiming }), await make());
    expect(told.filter(({ body }) => body.discount === 2_400)).toHaveLength(20);
  });

  it('counts the seats of a sale with a cap and the use together, or neither', async () => {
    const { catalog } = world.stores;
    const show = await seedShow(world.stores, { seats: 10 });
    await catalog.change('UPDATE sales SET sale_cap = 2 WHERE sale_id = ?', [show.saleId]);
    const code = await make({ usesMax: 1 });
    const fanId = randomText(12);
    const ask = (body: object) => api.reserve({ fanId, show, body: { ...body } });
    expect((await ask({ quantity: 3, code })).body.error).toBe('cap_reached');
    expect(await uses(code)).toBe(0);
    await api.reserve({ show, body: { quantity: 1, code } });
    expect((await ask({ quantity: 2, code })).body.error).toBe('discount_used_up');
    // What was refused had not counted: the cap still has room for both seats.
    expect((await ask({ quantity: 2 })).status).toBe(200);
  });

  it.each([
    ['discount_unknown', 422, async () => 'NOSUCHCODE'],
    ['discount_over', 410, () => make({ endsAt: new Date(Date.now() - 1_000) })],
    ['discount_not_started', 409, () => make({ startsAt: new Date(Date.now() + 60_000) })],
    ['discount_elsewhere', 422, () => make({ saleId: 'another' })],
    ['discount_elsewhere', 422, () => make({ shows: [999_999] })],
    ['discount_elsewhere', 422, () => make({ percent: null, amount: 100, currency: 'EUR' })],
    [
      'discount_over',
      410,
      async () => {
        const code = await make();
        await world.stores.catalog.transaction((tx) => endDiscount(tx, { code, actor: 'ops' }));
        return code;
      },
    ],
  ])('answers %s with %i and does nothing', async (error, status, prepare) => {
    const code = await prepare();
    const ask = { fanId: randomText(12), show: at(0), passId: randomText(16) };
    const told = await api.reserve({ ...ask, body: { quantity: 1, code } });
    expect(told).toMatchObject({ status, body: { error } });
    expect(await uses(code)).toBe(0);
    const shard = await world.stores.shards.forShow(ask.show.showId);
    expect(await shard.rows('SELECT 1 FROM request WHERE fan_id = ?', [ask.fanId])).toEqual([]);
    // The pass is free for a request without the code.
    expect((await api.reserve({ ...ask, body: { quantity: 1 } })).status).toBe(200);
  });

  it('answers a repeated key as at first, even when the code has ended since', async () => {
    const code = await make({ usesMax: 1 });
    const ask = {
      fanId: randomText(12),
      show: at(1),
      passId: randomText(16),
      key: 'again-and-again',
    };
    const first = await api.reserve({ ...ask, body: { quantity: 1, code } });
    expect(first).toMatchObject({ status: 200, body: { discount: 2_400 } });
    expect(await api.reserve({ ...ask, body: { quantity: 1, code } })).toEqual(first);
    await world.stores.catalog.transaction((tx) => endDiscount(tx, { code, actor: 'ops' }));
    expect(await api.reserve({ ...ask, body: { quantity: 1, code } })).toEqual(first);
    expect((await api.reserve({ ...ask, body: { quantity: 1 } })).body.error).toBe('key_reused');
    expect(await uses(code)).toBe(1);
  });

  it('is over when it is over at the decision, whenever the request came', async () => {
    const endsAt = new Date(Date.now() + 400);
    const code = await make({ endsAt });
    api.setLanes(false);
    const asked = api.reserve({ show: at(2), body: { quantity: 1, code } });
    await until(async () => (await uses(code)) === 1, { what: 'an accepted request' });
    await until(() => Date.now() > endsAt.getTime() + 50, { what: 'the end of the code' });
    api.setLanes(true);
    expect(await asked).toMatchObject({ status: 410, body: { error: 'discount_over' } });
    await relay();
    expect(await uses(code)).toBe(0);
  });

  it('gives a use back when its hold is released or lapses, to its fan at once', async () => {
    const code = await make({ usesMax: 1 });
    const fanId = randomText(12);
    const hold = holdOf(
      fanId,
      await api.reserve({ fanId, show: at(0), body: { quantity: 2, code } }),
    );
    const id = formatId('reservation', { showId: hold.showId, no: hold.reservationId });
    expect((await api.reserve({ show: at(1), body: { quantity: 1, code } })).status).toBe(409);
    expect((await world.call(fanId, 'DELETE', `/reservations/${id}`)).status).toBe(204);
    const again = await api.reserve({ fanId, show: at(1), body: { quantity: 1, code } });
    expect(again.body.discount).toBe(2_400);
    const other = holdOf(fanId, again);
    const shard = await world.stores.shards.forShow(other.showId);
    await shard.change(
      `UPDATE reservation SET due_at = NOW(3) - INTERVAL 1 SECOND
       WHERE show_id = ? AND reservation_id = ?`,
      [other.showId, other.reservationId],
    );
    await api.reserve({ show: at(1), body: { quantity: 1 } });
    await relay();
    expect(await uses(code)).toBe(0);
    // Late money that wins its seats back has the code again, whoever used it meanwhile.
    const late = holdOf(
      fanId,
      await api.reserve({ fanId, show: at(1), body: { quantity: 1, code } }),
    );
    await world.stores.catalog.change("DELETE FROM cap_claim WHERE kind = 'code'");
    await world.stores.catalog.change("UPDATE cap_quota SET taken = 0 WHERE kind = 'code'");
    await claimsHandler(world.stores as unknown as OutboxDeps, {
      ...{ showId: late.showId, outboxId: 1, kind: 'claims', subjectId: 1, tries: 1 },
      payload: { requests: [late.reservationId], regained: true },
    });
    expect(await uses(code)).toBe(1);
  });

  it('is right to the cent in hold, charge, receipt, refunds, books, table and audit', async () => {
    const code = await make({ percent: null, amount: 10_001, currency: 'INR' });
    const show = await seedShow(world.stores, { seats: 6 });
    const shard = await world.stores.shards.forShow(show.showId);
    await shard.change('UPDATE show_head SET booking_fee = 333 WHERE show_id = ?', [show.showId]);
    await shard.change('UPDATE show_seat SET price = 10007 WHERE show_id = ? AND seat_no = 1', [
      show.showId,
    ]);
    const fanId = randomText(12);
    const seats = ['A-1', 'A-2', 'A-3'];
    const hold = holdOf(fanId, await api.reserve({ fanId, show, body: { seats, code } }));
    const paid = 24_000 + 10_007 + 24_000 + 3 * 333 - 10_001;
    expect(hold.amount).toBe(paid);
    expect((await world.confirm(hold, 'pm_card_visa', 'key')).body.amount).toBe(paid);
    const id = formatId('booking', { showId: hold.showId, no: hold.reservationId });
    const booked = await world.call(fanId, 'GET', `/bookings/${id}`);
    expect(booked.body).toMatchObject({ amount: paid, discount: 10_001, discount_code: code });
    expect(chargesOf(world.sandbox, hold)).toEqual([paid]);
    const books = { provider: paid, discount: 10_001, sales: -paid - 10_001 };
    expect(await balances(shard, hold)).toEqual(books);
    expect(await receiptText(fanId, id)).toContain(`Discount (${code}) -₹100.01`);
    expect(await brokenMoney()).toEqual([]);
    const parts: number[] = [];
    for (const seat of ['A-2', 'A-3', 'A-1']) {
      const body = { seats: [seat], refund: 'full' };
      const told = await world.callStaff('POST', `/staff/bookings/${id}/cancel`, body);
      expect(told.status).toBe(202);
      parts.push(Number(told.body.amount));
      for (const shardId of world.stores.shards.ids()) await drainRefunds(world.deps, shardId);
      expect(await brokenMoney()).toEqual([]);
    }
    expect(parts.reduce((sum, part) => sum + part)).toBe(paid);
    // By price: the cheap seat gives back its share of what was paid, fees and discount included.
    expect(parts[0]).toBe(paid - Math.floor((paid * 48_000) / 58_007));
    expect(chargesOf(world.sandbox, hold)).toEqual([0]);
    expect(await balances(shard, hold)).toEqual({});
    const table = await world.callStaff('GET', `/staff/sales/${show.saleId}/export/bookings`);
    const [head, row] = [table.body.head as string[], (table.body.rows as unknown[][])[0]];
    const cell = (name: string) => row?.[head.indexOf(name)];
    expect([cell('amount'), cell('discount'), cell('discount_code')]).toEqual([paid, 10_001, code]);
    await relay();
    expect(await uses(code)).toBe(0);
  });

  it('sells for nothing where a code takes all', async () => {
    const code = await make({ percent: 100 });
    const fanId = randomText(12);
    const hold = holdOf(
      fanId,
      await api.reserve({ fanId, show: at(3), body: { quantity: 1, code } }),
    );
    expect(hold.amount).toBe(0);
    expect((await world.confirm(hold, 'pm_card_visa', 'key')).status).toBe(201);
    const shard = await world.stores.shards.forShow(hold.showId);
    expect(await balances(shard, hold)).toEqual({ discount: 24_000, sales: -24_000 });
    expect(await brokenMoney()).toEqual([]);
  });

  it('I27, I28: the audit finds a discount that no code explains, and books that lost one', async () => {
    const fanId = randomText(12);
    const code = await make();
    const hold = holdOf(
      fanId,
      await api.reserve({ fanId, show: at(3), body: { quantity: 1, code } }),
    );
    await world.confirm(hold, 'pm_card_visa', 'key');
    const shard = await world.stores.shards.forShow(hold.showId);
    await shard.change(
      "DELETE FROM ledger WHERE show_id = ? AND reservation_id = ? AND debit = 'discount'",
      [hold.showId, hold.reservationId],
    );
    await shard.change('UPDATE request SET wish = \'{"quantity":1}\' WHERE request_id = ?', [
      hold.reservationId,
    ]);
    const broken = await brokenMoney();
    expect(broken).toContainEqual(
      expect.stringContaining(`reservation ${hold.reservationId} costs`),
    );
    expect(broken).toContainEqual(
      expect.stringContaining(`the ledger of reservation ${hold.reservationId} says`),
    );
  });

  const receiptText = async (fanId: string, id: string): Promise<string> => {
    const expiresAtMs = Date.now() + 600_000;
    const path = join(world.dataDir, 'receipt.pdf');
    const token = world.tokens.signSession({ fanId, epoch: 1, expiresAtMs });
    const got = await fetch(`${world.url}/api/v1/bookings/${id}/receipt.pdf`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect([got.status, got.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    writeFileSync(path, Buffer.from(await got.arrayBuffer()));
    const text = execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
    return text.replace(/[ \t]+/g, ' ');
  };
});
