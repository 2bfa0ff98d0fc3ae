import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mailer, openMailer } from '../../core/notify/mailer.js';
import { closeRedis, openRedis, type Redis } from '../../core/redis/connect.js';
import { openTurns } from '../../core/redis/turns.js';
import { type Mailbox, startMailbox } from '../../mailbox/app.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { until } from '../../test/support/until.js';

describe('the rate of a mail server', () => {
  let stores: TestStores;
  let redis: Redis;
  let mailbox: Mailbox;
  const folder = mkdtempSync(join(tmpdir(), 'usher-mail-rate-'));
  const open: Mailer[] = [];

  beforeAll(async () => {
    stores = await openTestStores(1);
    redis = openRedis(stores.redisUrl, 'command', () => undefined);
    await until(() => redis.status === 'ready', { what: 'Redis' });
    mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataPath: folder });
  });
  afterAll(async () => {
    for (const mailer of open) mailer.close();
    await mailbox.close();
    closeRedis(redis);
    await stores.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The mailer of one more processor. */
  const openOne = (on: Redis, perSecond: number): Mailer => {
    const mailer = openMailer({
      urls: [`smtp://127.0.0.1:${mailbox.smtpPort}?rate=${perSecond}`],
      from: 'Usher <tickets@usher.example>',
      openTurns: (server, rate) => openTurns(on, `${stores.redisPrefix}:mails:${server}`, rate),
    });
    open.push(mailer);
    return mailer;
  };
  /** How long two processors take for so many mails each, all asked for at once. */
  const sendBoth = async (on: Redis, perSecond: number, each: number): Promise<number> => {
    const mailers = [openOne(on, perSecond), openOne(on, perSecond)];
    const mail = { subject: 'x', text: 'x', html: '<p>x</p>', attachments: [], to: 'a@b.example' };
    const began = performance.now();
    const sent = await Promise.all(
      mailers.flatMap((mailer, one) =>
        Array.from({ length: each }, (_, no) => mailer.send({ ...mail, key: `${one}-${no}` })),
      ),
    );
    expect(sent.map(({ kind }) => kind)).toEqual(sent.map(() => 'sent'));
    return performance.now() - began;
  };

  it('holds over all processors together', async () => {
    expect(await sendBoth(redis, 8, 4)).toBeGreaterThanOrEqual(7 * 125 - 5);
  });

  it('would not, if each kept it for itself, as they do while Redis is away', async () => {
    const away = openRedis('redis://127.0.0.1:1', 'command', () => undefined);
    // Together six would take five seconds; each for itself takes two for its three.
    expect(await sendBoth(away, 1, 3)).toBeLessThan(5_000);
    closeRedis(away);
  });

  it.each(['0', '-1', '0.5', '1001', 'fast'])('is no rate of %s mails a second', (rate) => {
    const urls = [`smtp://127.0.0.1:1?rate=${rate}`];
    expect(() => openMailer({ urls, from: 'a@b.example' })).toThrow('1 to 1000 mails a second');
  });
});
