import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeRedis, openRedis, type Redis } from '../../core/redis/connect.js';
import { readStream } from '../../core/redis/event-stream.js';
import { redisNames } from '../../core/redis/keys.js';
import { openLog } from '../../core/runtime/log.js';
import type { ShowEvent } from '../../core/store/shard/events.js';
import { openAuditWorld } from '../../test/support/audit-world.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { until } from '../../test/support/until.js';
import { type EventsDeps, openEventPublisher, publishStream } from './publisher.js';

describe('events', () => {
  let stores: TestStores;
  let redis: Redis;
  let deps: EventsDeps;

  beforeAll(async () => {
    stores = await openTestStores();
    redis = openRedis(stores.redisUrl, 'command', () => undefined);
    await until(() => redis.status === 'ready', { what: 'Redis' });
    const names = redisNames(stores.redisPrefix);
    const log = openLog('test', 'silent');
    deps = { ...stores, redis, names, log, webhook: undefined };
  });
  afterAll(async () => {
    closeRedis(redis);
    await stores.close();
  });

  const streamOf = async (showId: number): Promise<ShowEvent[]> => {
    const rows = await readStream(redis, deps.names, { after: '0', rowsMax: 1_000 });
    const events = rows.map((row) => row.event as ShowEvent);
    return events.filter((event) => event.show_id === String(showId));
  };

  it('are in the stream once and in order, with several publishers and after lost cursors', async () => {
    const world = await openAuditWorld(stores);
    for (let no = 0; no < 4; no += 1) await world.release(await world.grant([no]));
    const { showId } = world.show;
    await Promise.all([publishStream(deps), publishStream(deps), publishStream(deps)]);
    await world.shardSql('DELETE FROM event_cursor WHERE show_id = ?', [showId]);
    await publishStream(deps);
    const events = await streamOf(showId);
    expect(events.map((event) => event.lsn)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(events[0]).toMatchObject({ kind: 'GRANTED', detail: { seats: [0] } });
    expect(new Set(events.map((event) => event.chain)).size).toBe(8);
  });

  it('are posted until they are taken, signed and in their order', async () => {
    const world = await openAuditWorld(stores);
    await world.book(await world.grant([0]));
    const taken: ShowEvent[] = [];
    let refusals = 2;
    const server: Server = createServer(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += String(chunk);
      expect(req.headers['usher-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
      refusals -= 1;
      if (refusals >= 0) return res.writeHead(503).end();
      taken.push(...(JSON.parse(body) as { events: ShowEvent[] }).events);
      return res.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const webhook = { url, secret: 'a secret of the receiver' };
    const publisher = openEventPublisher({ ...deps, webhook });
    const own = () => taken.filter((event) => event.show_id === String(world.show.showId));
    await until(() => own().length >= 2, { ms: 20_000, what: 'the receiver to have them' });
    await publisher.close();
    expect(own().map((event) => [event.lsn, event.kind])).toEqual([
      [1, 'GRANTED'],
      [2, 'BOOKED'],
    ]);
    await new Promise((resolve) => server.close(resolve));
  });
});
