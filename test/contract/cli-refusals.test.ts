import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatShowId } from '../../core/domain/ids.js';
import { type CliWorld, openCliWorld } from '../support/cli-world.js';
import { seedShow, type TestShow } from '../support/fixtures.js';

describe('what a command is refused for', () => {
  let world: CliWorld;
  let show: TestShow;
  beforeAll(async () => {
    world = await openCliWorld();
    show = await seedShow(world.stores);
    // Its hall has no layout in the catalog, so there is nothing to carry to its shard.
    await world.stores.catalog.change('UPDATE shows SET shard_version = version');
    world.login('ops');
  });
  afterAll(() => world.close());

  const gala = ['sale', 'create', 'gala', '--name', 'Gala', '--opens-at', '+1h'];
  const code = ['discount', 'create', 'DIWALI10', '--uses', '5'];
  const filled = (argv: string[]) =>
    argv.map((one) => one.replace('SALE', show.saleId).replace('SHOW', formatShowId(show.showId)));

  it.each([
    [['sale', 'rate', 'SALE', '9000000/min'], 'Mend <rate>: '],
    [['sale', 'rate', 'SALE', '60/min', '--no-shows', '300'], 'Mend --no-shows: '],
    [['sale', 'pass-cap', 'SALE', '900000000'], 'Mend <n>: '],
    [['sale', 'rules', 'SALE', '--seat-cap', '900', '--card-cap', '9000'], '; --card-cap: '],
    [['sale', 'rules', 'SALE', '--price-rules', '{"step":0}'], 'Mend --price-rules step: '],
    [[...gala, '--rate', '9000000/min', '--pass-cap', '5'], '--rate '],
    [[...gala, '--tax-rate', '20000'], '--tax-rate '],
    [gala, '--rate is missing: add it, or write --standing; --pass-cap '],
    [[...gala, '--waitlist', '--offer-seconds', '1'], '--offer-seconds '],
    [['sale', 'create', 'No Key!', '--name', 'x', '--opens-at', '+1h'], '<sale> '],
    [[...gala, '--refund-until', '9', '--refund-fee', '101'], '--refund-fee '],
    [[...code, '--percent', '101'], 'Mend --percent: '],
    [[...code, '--amount', '5', '--currency', 'rupees'], 'Mend --currency: '],
    [[...code, '--percent', '5', '--until', '+1d', '--sale', 's'.repeat(60)], 'Mend --sale: '],
    [['till', 'open', '--cash', '5', '--currency', 'rupees'], 'Mend --currency: '],
    [['show', 'price', 'SHOW', '--set', 'all=900000000'], 'Mend --set all: '],
    [['seat', 'block', 'SHOW', 'A-1', 'x'.repeat(60), '--reason', 'x'], 'Mend <seats> 1: '],
    [['scan', 'code', '--gate', 'x'.repeat(60)], 'Mend --gate: '],
  ])('is told as it was typed: %j', async (argv, told) => {
    const { code: exit, err } = await world.usher(...filled(argv));
    expect([exit, err]).toEqual([1, expect.stringContaining(told)]);
    const within = /by_(share_sold|time_to_show)/g;
    expect(err.replace(within, '')).not.toMatch(/[a-z]_[a-z]|\bthe body\b/);
  });

  it('is a rule on refunds that would be harder on those who have bought', async () => {
    await world.usher('sale', 'create', 'door', '--name', 'Door', '--standing');
    await world.usher('sale', 'open', 'door');
    const rules = (...more: string[]) => world.usher('sale', 'rules', 'door', ...more);
    // Where nothing was taken back, any rule is kinder.
    expect((await rules('--refund-until', '24', '--refund-fee', '10')).code).toBe(0);
    for (const harder of [
      ['--refund-until', 'none'],
      ['--refund-until', '25'],
      ['--refund-until', '0', '--refund-fee', '11'],
    ]) {
      const { code: exit, err } = await rules(...harder);
      expect([exit, err]).toEqual([1, expect.stringContaining('it can only get kinder')]);
    }
    expect((await rules('--refund-fee', '1')).code).toBe(2);
    const kinder = await rules('--refund-until', '0', '--refund-fee', '1', '--json');
    expect(kinder.json.refund).toEqual({ until_hours_before: 0, fee_percent: 1 });
  });

  it('has the field beside the option for programs', async () => {
    const { err } = await world.usher('sale', 'pass-cap', show.saleId, '900000000', '--json');
    const fault = { field: 'pass_cap', option: '<n>', message: expect.any(String) };
    expect(JSON.parse(err)).toMatchObject({ error: 'malformed', faults: [fault] });
  });

  it('stays as it is where nothing of it was typed', async () => {
    const { err } = await world.usher('sale', 'show', 'nowhere');
    expect(err).toBe('usher: There is no such sale.\n');
  });
});
