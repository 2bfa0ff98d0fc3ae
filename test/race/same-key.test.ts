import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { freePorts } from '../../core/runtime/ports.js';
import { addFans, type Fan } from '../support/journey.js';
import { inWorld } from '../support/world.js';

it(
  'gives the same answer 50 times to one key, over two api processes at once',
  inWorld({ programs: ['api', 'processor'] }, async (world) => {
    const [port = 0] = await freePorts(1);
    await world.start('api', { USHER_PORT: String(port) });
    const [fan] = (await addFans(world, 1)) as [Fan];
    const pass = await fan.pass('desk');
    const showId = world.showIds[0] ?? 0;
    const reserve = async (url: string, key: string, body: unknown) => {
      const response = await fetch(`${url}/api/v1/reserve`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${fan.token}`,
          'usher-pass': pass,
          'idempotency-key': key,
        },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const urls = [world.url, `http://127.0.0.1:${port}`];
    const wish = { show_id: String(showId), seats: ['A-1', 'A-2'] };
    const key = randomUUID();
    const told = await Promise.all(
      Array.from({ length: 50 }, (_, index) => reserve(urls[index % 2] ?? '', key, wish)),
    );
    expect(told[0]?.status).toBe(200);
    for (const one of told) expect(one).toEqual(told[0]);

    for (const url of urls) {
      const other = await reserve(url, key, { show_id: String(showId), seats: ['A-3'] });
      expect([other.status, other.body.error]).toEqual([422, 'key_reused']);
    }
    const shard = await world.stores.shards.forShow(showId);
    expect(await shard.rows('SELECT request_id FROM request')).toHaveLength(1);
    const held = await shard.rows<{ seat: string }>(
      "SELECT seat FROM show_seat WHERE state = 'HELD' ORDER BY seat",
    );
    expect(held.map((row) => row.seat)).toEqual(['A-1', 'A-2']);
  }),
);
