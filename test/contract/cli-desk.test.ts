import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { staffRoutes } from '../../api/routes/staff-all.js';
import { runCli } from '../../cli/program.js';
import { formatId, formatTicketId } from '../../core/domain/ids.js';
import { signTicketCode } from '../../core/runtime/ticket-code.js';
import { listAudit } from '../../core/store/catalog/audit.js';
import { claimMessages, failMessage, insertMessages } from '../../core/store/catalog/messages.js';
import { recordCash } from '../../core/store/catalog/tills.js';
import { type AuditWorld, openAuditWorld, type Purchase } from '../support/audit-world.js';
import { serveRoutes, type TestApi } from '../support/routes.js';
import { openTestStores, type TestStores } from '../support/stores.js';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

type Line = Record<string, unknown>;

describe('the desk and the door by command line', () => {
  let stores: TestStores;
  let api: TestApi;
  let world: AuditWorld;
  let folder: string;
  let show: string;
  let list: string;

  const usher = async (argv: string[], input = '', url = api.url) => {
    const [stdout, stderr, stdin] = [new Sink(), new Sink(), new PassThrough()];
    stdin.end(input);
    const config = join(folder, { [api.url]: 'login.json', [away]: 'away.json' }[url] ?? 'none');
    const env = { USHER_CONFIG: config, USHER_DATA: folder };
    const code = await runCli(argv, { env, stdin, stdout, stderr });
    return { code, out: stdout.text, err: stderr.text };
  };
  /** With `--json`: the lines of a stream, or the one result. */
  const lines = (text: string): Line[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  const result = <T>(text: string): T => JSON.parse(text) as T;
  const away = 'http://127.0.0.1:9';

  beforeAll(async () => {
    stores = await openTestStores();
    api = await serveRoutes(stores, staffRoutes);
  });
  afterAll(async () => {
    await api.close();
    await stores.close();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'usher-desk-'));
    world = await openAuditWorld(stores);
    show = String(world.show.showId);
    list = join(folder, 'door.json');
    const expiresAtMs = Date.now() + 600_000;
    const fanId = `desk${Math.random().toString(36).slice(2, 8)}`;
    const role = 'ops';
    const token = api.deps.tokens.signSession({ fanId, epoch: 1, role, expiresAtMs });
    for (const [file, url] of [
      ['login.json', api.url],
      ['away.json', away],
    ] as const) {
      const login = { url, token, expires_at: new Date(expiresAtMs).toISOString() };
      writeFileSync(join(folder, file), JSON.stringify({ ...login, name: fanId, role }));
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const buy = async (seats: number[]): Promise<Purchase> => {
    const purchase = await world.grant(seats);
    await world.book(purchase);
    return purchase;
  };
  const codeOf = (purchase: Purchase, seatNo: number, counter = 1, showId = world.show.showId) => {
    const [key] = api.deps.secrets.ticket;
    if (!key) throw new Error('no key');
    const ticketId = formatTicketId({ showId, no: purchase.no, seatNo });
    return signTicketCode(key, { showId, ticketId, counter });
  };
  const door = (input: string, ...more: string[]) =>
    usher(['door', show, '--file', list, '--json', ...more], input);

  it('admits the first of each code and tells the others apart', async () => {
    const bought = await buy([0, 1, 2]);
    const cancelled = await buy([3]);
    await world.shardSql("UPDATE booking SET state = 'CANCELLED' WHERE booking_id = ?", [
      cancelled.no,
    ]);
    await world.shardSql(
      "UPDATE ticket SET state = 'VOID', live_seat = NULL WHERE booking_id = ?",
      [cancelled.no],
    );
    const good = codeOf(bought, 0);
    const other = codeOf(bought, 1, 1, world.show.showId + 7_000);
    const forged = `${good.slice(0, -6)}AAAAAA`;
    const codes = [good, good, codeOf(cancelled, 3), other, forged, codeOf(bought, 1, 2)];
    const { code, out } = await door(`${codes.join('\n')}\n`, '--gate', 'north');
    expect(code).toBe(1);
    expect(lines(out)).toMatchObject([
      { result: 'admitted', seat: world.show.seats[0] },
      { error: 'already_used', gate: 'north', seat: world.show.seats[0] },
      { error: 'ticket_void', reason: 'cancelled' },
      { error: 'wrong_show' },
      { error: 'ticket_invalid', reason: expect.stringMatching(/forged|malformed/) },
      { error: 'ticket_void', reason: 'replaced' },
    ]);
  });

  it('answers a scan that is sent again like the first', async () => {
    const bought = await buy([0]);
    const body = { qr: codeOf(bought, 0), gate: 'south', scan_id: 'scan-0000001' };
    const headers = { token: JSON.parse(readLogin(folder)).token as string };
    const scan = (more: object) =>
      api.call('/api/v1/staff/scan', { method: 'POST', body: { ...body, ...more }, ...headers });
    expect((await scan({})).status).toBe(200);
    expect((await scan({})).status).toBe(200);
    expect((await scan({ scan_id: 'scan-0000002' })).status).toBe(409);
  });

  it('writes no audit line for what was refused', async () => {
    const bought = await buy([0, 1]);
    const booking = formatId('booking', { showId: world.show.showId, no: bought.no });
    const actions = async () =>
      (await listAudit(stores.catalog, { subject: booking })).map(({ action }) => action);
    const some = ['--amount', '100', '--reason', 'late', '--json'];
    expect((await usher(['booking', 'cancel', booking, '--json'])).code).toBe(0);
    expect((await usher(['booking', 'cancel', booking, '--json'])).code).toBe(1);
    expect((await usher(['booking', 'refund', booking, ...some])).code).toBe(1);
    expect((await usher(['booking', 'reissue', booking, '--json'])).code).toBe(1);
    expect(await actions()).toEqual(['booking.cancel']);
  });

  it('takes no empty or dotted name for another call', async () => {
    for (const name of ['', '.', '..']) {
      const { code, err } = await usher(['sale', 'show', name]);
      expect([code, err]).toEqual([2, expect.stringContaining('empty or made of dots')]);
    }
  });

  it('goes on without network, and hands over what it admitted', async () => {
    const bought = await buy([0, 1, 2, 3]);
    expect((await door('', '--prepare')).code).toBe(0);
    // Somebody is let in at another door, which this one cannot know.
    await usher(['scan', codeOf(bought, 1), '--gate', 'west', '--json']);
    const codes = [0, 0, 1].map((seat) => codeOf(bought, seat)).join('\n');
    const offline = await usher(['door', show, '--file', list, '--json'], codes, away);
    expect(lines(offline.out)).toMatchObject([
      { result: 'admitted', offline: true },
      { error: 'already_used' },
      { result: 'admitted', offline: true },
    ]);
    const merged = await door('', '--merge');
    expect(merged.code).toBe(1);
    expect(result<Line[]>(merged.out)).toMatchObject([
      { result: 'admitted', seat: world.show.seats[0] },
      { result: 'conflict', reason: 'already_used', first_gate: 'west' },
    ]);
    expect(result<Line[]>((await door('', '--merge')).out)).toEqual([]);
    const conflicts = result<Line[]>((await door('', '--conflicts')).out);
    expect(conflicts).toMatchObject([{ seat: world.show.seats[1], first_gate: 'west' }]);
    const paper = await usher(['door', show, '--print', '--file', list], '', away);
    expect(paper.out).toContain(world.show.seats[3] ?? '-');
    expect(paper.out).toMatch(/\w{3} \d+ \w+ \d{4}, \d\d:\d\d\n/);
    // An Usher of this machine that was stopped is as far away as a network that is down.
    const stopped = await usher(
      ['door', show, '--file', list, '--json'],
      codeOf(bought, 2),
      'none',
    );
    expect(lines(stopped.out)).toMatchObject([{ result: 'admitted', offline: true }]);
    expect((await usher(['door', show, '--conflicts'], '', 'none')).code).toBe(3);
    // Nor does a door forget whom it let in while there was a network.
    expect(lines((await door(codeOf(bought, 3))).out)).toMatchObject([{ result: 'admitted' }]);
    const again = await usher(['door', show, '--file', list, '--json'], codeOf(bought, 3), 'none');
    expect(lines(again.out)).toMatchObject([{ error: 'already_used' }]);
  });

  it('counts whoever was first as admitted, though the other door was the first to tell', async () => {
    const bought = await buy([4]);
    const [west, east] = ['west', 'east'].map((gate) => join(folder, `${gate}.json`));
    for (const file of [west, east]) {
      await usher(['door', show, '--prepare', '--file', file ?? '']);
      const gate = file === west ? 'west' : 'east';
      const argv = ['door', show, '--offline', '--gate', gate, '--file', file ?? '', '--json'];
      expect((await usher(argv, codeOf(bought, 4))).code).toBe(0);
    }
    expect((await usher(['door', show, '--merge', '--file', east ?? '', '--json'])).code).toBe(0);
    const merged = await usher(['door', show, '--merge', '--file', west ?? '', '--json']);
    expect(result<Line[]>(merged.out)).toMatchObject([{ result: 'conflict', first_gate: 'west' }]);
    const conflicts = result<Line[]>((await door('', '--conflicts')).out);
    expect(conflicts).toMatchObject([{ gate: 'east', first_gate: 'west' }]);
    const again = await door(codeOf(bought, 4));
    expect(lines(again.out)).toMatchObject([{ error: 'already_used', gate: 'west' }]);
  });

  it('voids old codes when tickets are issued anew', async () => {
    const bought = await buy([5]);
    const id = formatId('booking', { showId: world.show.showId, no: bought.no });
    expect((await usher(['booking', 'resend', id])).code).toBe(0);
    expect((await usher(['booking', 'reissue', id])).code).toBe(0);
    const { out } = await door(`${codeOf(bought, 5)}\n${codeOf(bought, 5, 2)}\n`);
    expect(lines(out)).toMatchObject([{ reason: 'replaced' }, { result: 'admitted' }]);
  });

  it('counts the cash of a till from its opening to its close', async () => {
    const opened = await usher(['till', 'open', '--cash', '50000', '--json']);
    const { staff } = result<{ staff: string }>(opened.out);
    expect((await usher(['till', 'open', '--cash', '1'])).code).toBe(1);
    const bought = await buy([6]);
    const sale = { staffName: staff, showId: world.show.showId, bookingId: bought.no };
    const cash = { ...sale, amount: 24_000, currency: 'INR' };
    for (let no = 0; no < 3; no += 1) await recordCash(stores.catalog, { ...cash, kind: 'sale' });
    await recordCash(stores.catalog, { ...cash, kind: 'refund', amount: 4_000, refundNo: 1 });
    const closed = await usher(['till', 'close', '--counted', '69000', '--json']);
    expect(result(closed.out)).toMatchObject({
      ...{ sales: 1, sales_amount: 24_000, refunds: 1, refunds_amount: 4_000 },
      ...{ expected_amount: 70_000, counted_amount: 69_000, difference: -1_000 },
    });
    await expect(recordCash(stores.catalog, { ...cash, kind: 'refund' })).rejects.toMatchObject({
      code: 'till_closed',
    });
  });

  it('lists dead letters and tries them again', async () => {
    const key = `reminder-${show}`;
    const message = { key, fanId: 'fan000000001', kind: 'reminder' as const, detail: {} };
    const about = { showId: world.show.showId, subjectId: 1 };
    await insertMessages(stores.catalog, [{ ...message, ...about }], ['mail']);
    for (const claim of await claimMessages(stores.catalog, { rowsMax: 99, leaseMs: 60_000 })) {
      await failMessage(stores.catalog, claim, { error: 'smtp_451', againInMs: null });
    }
    const listed = result<Line[]>((await usher(['dead', 'list', '--json'])).out);
    const dead = listed.find((one) => one.show_id === show);
    expect(dead).toMatchObject({ kind: 'reminder', channel: 'mail', error: 'smtp_451' });
    const retried = await usher(['dead', 'retry', String(dead?.dead_id), '--json']);
    expect(result(retried.out)).toEqual({ retried: 1 });
    expect((await usher(['dead', 'retry', String(dead?.dead_id)])).code).toBe(1);
    expect((await usher(['dead', 'retry'])).code).toBe(2);
  });
});

function readLogin(folder: string): string {
  return readFileSync(join(folder, 'login.json'), 'utf8');
}
