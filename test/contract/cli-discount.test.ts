import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatShowId } from '../../core/domain/ids.js';
import { listAudit } from '../../core/store/catalog/audit.js';
import { type CliWorld, openCliWorld } from '../support/cli-world.js';
import { seedShow, type TestShow } from '../support/fixtures.js';

describe('usher discount', () => {
  let world: CliWorld;
  let show: TestShow;
  beforeAll(async () => {
    world = await openCliWorld();
    show = await seedShow(world.stores);
  });
  afterAll(() => world.close());
  beforeEach(() => world.login('ops'));

  const create = (...argv: string[]) => world.usher('discount', 'create', ...argv, '--json');

  it('makes, lists, shows and ends codes, each with its line in the audit', async () => {
    const made = await create('diwali-10', '--percent', '10', '--uses', '500', '--until', '+2d');
    expect(made.code).toBe(0);
    expect(made.json).toMatchObject({
      ...{ code: 'DIWALI10', percent: 10, off: null, uses: 0, uses_max: 500, shows: null },
      ...{ starts_at: null, ended_at: null, created_by: 'the-ops' },
    });
    const shows = formatShowId(show.showId);
    const narrow = ['--amount', '2000', '--currency', 'INR', '--uses', '1', '--sale', show.saleId];
    const press = await create('PRESS', ...narrow, '--shows', shows, '--from', '+1h');
    expect(press.json).toMatchObject({
      ...{ off: { amount: 2_000, currency: 'INR' }, percent: null },
      ...{ sale_id: show.saleId, shows: [shows] },
    });
    expect((await create('DIWALI10', '--percent', '5', '--uses', '1')).err).toContain(
      'already_exists',
    );
    const listed = await world.usher('discount', 'list', '--json');
    expect((listed.json as unknown as { code: string }[]).map(({ code }) => code)).toEqual([
      'DIWALI10',
      'PRESS',
    ]);
    expect((await world.usher('discount', 'show', 'press')).out).toContain('20.00 INR');
    expect((await world.usher('discount', 'end', 'diwali10')).code).toBe(0);
    expect((await world.usher('discount', 'end', 'diwali10')).code).toBe(0);
    expect((await world.usher('discount', 'show', 'DIWALI10', '--json')).json.ended_at).toEqual(
      expect.any(String),
    );
    const actions = await listAudit(world.stores.catalog, { subject: 'DIWALI10' });
    expect(actions.map(({ action }) => action).sort()).toEqual(['discount.create', 'discount.end']);
  });

  it('refuses what can never be, by wrong usage and by the wrong role', async () => {
    expect((await create('HALF', '--uses', '1')).code).toBe(2);
    expect((await create('HALF', '--percent', '50', '--amount', '5', '--uses', '1')).code).toBe(2);
    expect((await create('HALF', '--percent', '101', '--uses', '1')).code).toBe(1);
    expect((await create('X', '--percent', '50', '--uses', '1')).code).toBe(1);
    const dates = ['--from', '+2d', '--until', '+1d'];
    expect((await create('LATE', '--percent', '5', '--uses', '1', ...dates)).code).toBe(1);
    expect((await create('NOSALE', '--percent', '5', '--uses', '1', '--sale', 'none')).code).toBe(
      1,
    );
    expect((await create('NOSHOW', '--percent', '5', '--uses', '1', '--shows', 'zz')).code).toBe(1);
    expect((await world.usher('discount', 'end', 'NOBODY')).code).toBe(1);
    for (const verb of ['show', 'end']) {
      expect((await world.usher('discount', verb, 'ÜÜÜÜ', '--json')).err).toContain('not_found');
    }
    world.login('box_office');
    expect((await create('DESK', '--percent', '5', '--uses', '1')).code).toBe(1);
    expect((await world.usher('discount', 'list', '--json')).code).toBe(1);
  });
});
