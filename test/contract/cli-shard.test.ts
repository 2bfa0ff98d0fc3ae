import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../core/store/database.js';
import { placeShow } from '../../core/store/shards.js';
import { type CliWorld, openCliWorld } from '../support/cli-world.js';
import { seedShow } from '../support/fixtures.js';

const showsMin = 8;
/** The next of the two that every test has, under the name that a local Usher gives it. */
const fresh = 'usher_shard_3';

describe('usher shard add without a URL', () => {
  let world: CliWorld;
  const goingToThird = async () => {
    const shows = await world.stores.catalog.rows<{ showKey: string }>(
      'SELECT show_key AS showKey FROM shows',
    );
    return shows.filter(({ showKey }) => placeShow(showKey, [1, 2, 3]) === 3).length;
  };
  const dropFresh = () => world.stores.catalog.change(`DROP DATABASE IF EXISTS ${fresh}`);
  beforeAll(async () => {
    world = await openCliWorld();
    // Their keys are random, and the third shard is to get some of them.
    for (let no = 0; no < showsMin || (await goingToThird()) === 0; no += 1) {
      await seedShow(world.stores);
    }
  });
  afterAll(async () => {
    await dropFresh();
    await world.close();
  });

  type Listed = { results: { shard_id: number; state: string; shows: number }[] };
  const listed = async () => (await world.usher('shard', 'list', '--json')).json as Listed;

  it('asks for one where no local Usher was ever started', async () => {
    const { code, err } = await world.usher('shard', 'add');
    expect([code, err]).toEqual([2, expect.stringContaining('Give the URL of the database')]);
    expect((await listed()).results).toHaveLength(2);
  });

  it('makes the next database on the local server and moves its share of the shows there', async () => {
    await dropFresh();
    // What `usher up` leaves behind; the addresses come from the environment here.
    const stripe = { secretKey: '', webhookSecret: '', apiBase: null };
    const ports = { api: 0, sandbox: 0, mailboxHttp: 0, mailboxSmtp: 0 };
    const settings = { stripe, ports, shardUrls: [], runs: { sandbox: false, mailbox: false } };
    writeFileSync(join(world.dataDir, 'local.json'), JSON.stringify(settings));
    const added = await world.usher('shard', 'add', '--now', '--json');
    expect([added.code, added.err]).toEqual([0, '']);
    expect(added.json).toMatchObject({ shard_id: 3, waiting: [] });
    expect(Number(added.json.moved)).toBeGreaterThan(0);

    const { results } = await listed();
    expect(results.map(({ shard_id, state }) => [shard_id, state])).toEqual([
      [1, 'here'],
      [2, 'here'],
      [3, 'here'],
    ]);
    const shows = await world.stores.catalog.rows<{ showId: number }>(
      'SELECT show_id AS showId FROM shows WHERE shard_id = 3 ORDER BY show_id',
    );
    expect(shows).toHaveLength(await goingToThird());
    expect(shows.length).toBeLessThan(results.reduce((sum, one) => sum + one.shows, 0));
    const url = new URL(world.stores.catalogUrl);
    url.pathname = `/${fresh}`;
    const shard = openDatabase(url.toString());
    const there = await shard.rows<{ showId: number; state: string; seats: number }>(
      `SELECT g.show_id AS showId, g.state AS state, COUNT(*) AS seats
       FROM show_gate g JOIN show_seat s ON s.show_id = g.show_id
       GROUP BY g.show_id, g.state ORDER BY g.show_id`,
    );
    await shard.close();
    expect(there).toEqual(shows.map(({ showId }) => ({ showId, state: 'OPEN', seats: 10 })));
  });
});
