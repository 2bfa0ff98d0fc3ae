import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Gate } from '../../admission/gate.js';
import type { Subscription } from '../../core/domain/push-subscription.js';
import { mayPush, openWebPush } from '../../core/notify/web-push.js';
import { newVapid } from '../../core/runtime/secrets.js';
import { writeRoomNote } from '../../core/store/catalog/room-notes.js';
import { openRoomBench, type RoomBench } from '../../test/support/rooms.js';
import { until } from '../../test/support/until.js';
import { fileTurns } from './turn-notices.js';

const log = { warn: () => undefined } as never;

describe('notices of the turn', () => {
  let bench: RoomBench;
  let gate: Gate;
  beforeAll(async () => {
    bench = await openRoomBench();
    gate = bench.openGate();
  });
  afterAll(() => bench.close());

  async function filed(
    saleId: string,
  ): Promise<{ fanId: string; kind: string; channel: string }[]> {
    return bench.catalog.rows(
      `SELECT fan_id AS fanId, kind, channel FROM message WHERE message_key LIKE ?
       ORDER BY message_id, channel`,
      [`${saleId}-%`],
    );
  }

  it('are filed once for those who asked: near the head, and at the turn', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 60_000, passCap: 2 });
    const fans = await bench.addFans(40);
    for (const fanId of fans) await gate.join({ saleId, fanId });
    const ask = (at: number, push: boolean, place: number | null = at + 1) =>
      writeRoomNote(bench.catalog, {
        saleId,
        fanId: fans[at] ?? '',
        place,
        mail: true,
        pushSealed: push ? randomBytes(40) : null,
      });
    await ask(0, true);
    // This one asked in the lobby of a draw and was told no place.
    await ask(3, false, null);
    await ask(39, false, 30_000_000);
    const deps = { catalog: bench.catalog, gate, log };
    const pump = bench.openPump();
    await until(
      async () => {
        await pump.tick(saleId);
        return (await gate.room(saleId)).rate_per_minute > 0;
      },
      { what: 'a moving line' },
    );
    await fileTurns(deps);
    await until(
      async () => (await fileTurns(deps)) === false && (await filed(saleId)).length >= 3,
      {
        what: 'three messages',
      },
    );
    const told = await filed(saleId);
    expect(told).toEqual(
      expect.arrayContaining([
        { fanId: fans[0], kind: 'turn_now', channel: 'mail' },
        { fanId: fans[0], kind: 'turn_now', channel: 'webpush' },
        { fanId: fans[3], kind: 'turn_soon', channel: 'mail' },
      ]),
    );
    expect(told).toHaveLength(3);
  });
});

/** What a browser makes when it subscribes, with the secrets that it keeps. */
function subscribe(endpoint: string): { subscription: Subscription; ecdh: ECDH; auth: Buffer } {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const auth = randomBytes(16);
  const keys = {
    p256dh: ecdh.getPublicKey().toString('base64url'),
    auth: auth.toString('base64url'),
  };
  return { subscription: { endpoint, keys }, ecdh, auth };
}

/** Opens a body as a browser does (RFC 8291 over RFC 8188). */
function open(body: Buffer, { ecdh, auth }: { ecdh: ECDH; auth: Buffer }): string {
  const salt = body.subarray(0, 16);
  const idLength = body[20] ?? 0;
  const sender = body.subarray(21, 21 + idLength);
  const sealed = body.subarray(21 + idLength);
  const about = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), sender]);
  const ikm = Buffer.from(hkdfSync('sha256', ecdh.computeSecret(sender), auth, about, 32));
  const key = hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16);
  const nonce = hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12);
  const decipher = createDecipheriv('aes-128-gcm', Buffer.from(key), Buffer.from(nonce));
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return plain.subarray(0, plain.lastIndexOf(2)).toString();
}

describe('Web Push', () => {
  const vapid = newVapid();
  let service: Server;
  let endpoint: string;
  let status: number;
  let got: { headers: IncomingHttpHeaders; body: Buffer }[];
  beforeAll(async () => {
    service = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        got.push({ headers: req.headers, body: Buffer.concat(chunks) });
        res.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}/push/abc`;
  });
  beforeEach(() => {
    status = 201;
    got = [];
  });
  afterAll(() => new Promise((resolve) => service.close(resolve)));

  const note = { title: 'It is your turn', text: 'Choose your seats.', url: '/sales/gala' };

  it('reaches the subscribed browser, sealed for it and signed by our key', async () => {
    const push = openWebPush({ vapid, subject: 'mailto:ops@usher.example', hosts: 'any' });
    const browser = subscribe(endpoint);
    expect(await push.send(browser.subscription, note)).toEqual({ kind: 'sent' });
    const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = got;
    expect(JSON.parse(open(body, browser))).toEqual(note);
    expect(() => open(body, subscribe(endpoint))).toThrow();
    expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '300', urgency: 'high' });
    const [, token = '', key = ''] =
      /^vapid t=(\S+), ?k=(\S+)$/.exec(headers.authorization ?? '') ?? [];
    expect(key).toBe(vapid.publicKey);
    const [head = '', claims = '', mac = ''] = token.split('.');
    const point = Buffer.from(key, 'base64url');
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    };
    const signed = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(mac, 'base64url'),
    );
    expect(signed).toBe(true);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      aud: new URL(endpoint).origin,
    });
  });

  it('tells a subscription that is over from a service that is away', async () => {
    const push = openWebPush({ vapid, subject: 'mailto:ops@usher.example', hosts: 'any' });
    const { subscription } = subscribe(endpoint);
    status = 410;
    expect(await push.send(subscription, note)).toEqual({ kind: 'refused', reason: 'http_410' });
    status = 503;
    expect(await push.send(subscription, note)).toEqual({ kind: 'failed', reason: 'http_503' });
    status = 302;
    expect(await push.send(subscription, note)).toMatchObject({ kind: 'refused' });
    expect(got).toHaveLength(3);
  });

  it('calls nothing inside the house', async () => {
    const push = openWebPush({ vapid, subject: 'mailto:ops@usher.example', hosts: 'public' });
    const inside = [
      endpoint,
      endpoint.replace('http:', 'https:'),
      'https://10.0.0.8/x',
      'https://[::1]/x',
      'https://[::ffff:127.0.0.1]/x',
      'https://169.254.169.254/latest',
      'https://localhost/x',
      'https://user:pass@push.example.org/x',
      'ftp://push.example.org/x',
      'no address',
    ];
    for (const address of inside) {
      expect({ address, may: mayPush(address, 'public') }).toEqual({ address, may: false });
      const { subscription } = subscribe(address);
      expect(await push.send(subscription, note)).toEqual({ kind: 'refused', reason: 'endpoint' });
    }
    // A name that leads inside is found out when the connection is made.
    const { subscription } = subscribe('https://localhost.localdomain.usher.invalid/x');
    expect(await push.send(subscription, note)).toMatchObject({ kind: 'failed' });
    expect(mayPush('https://updates.push.services.mozilla.com/wpush/v2/x', 'public')).toBe(true);
    expect(got).toHaveLength(0);
  });
});
