import { describe, expect, it } from '@jest/globals';
import { formatShowId } from '../../core/domain/ids.js';
import { addFans } from '../../test/support/journey.js';
import { inWorld } from '../../test/support/world.js';
import { openClientLog } from './client-log.js';
import { figuresOf } from './figures.js';
import { readWish, WrongUsage } from './options.js';
import { drawFans, usualBehaviour } from './plan.js';
import { soldTwice, verdictOf } from './play.js';
import { crowdPage, crowdText } from './report.js';
import { runCrowd } from './run.js';
import { assertMayLoad } from './target.js';

const arrivals = { fans: 40, seed: 'one', overMs: 2_000, shape: 'surge' } as const;

describe('a crowd', () => {
  it('is the same for the same seed, and another for another', () => {
    const fans = drawFans(arrivals, usualBehaviour);
    expect(drawFans(arrivals, usualBehaviour)).toEqual(fans);
    expect(drawFans({ ...arrivals, seed: 'two' }, usualBehaviour)).not.toEqual(fans);
    expect(fans.map((fan) => fan.arrivesMs)).toEqual(
      fans.map((fan) => fan.arrivesMs).sort((a, b) => a - b),
    );
  });

  it('loads nothing that is not this machine unless its owner says so', () => {
    expect(() => assertMayLoad('https://tickets.example.org', false)).toThrow(
      '--i-own-this-target',
    );
    expect(() => assertMayLoad('http://127.0.0.1.example.org', false)).toThrow('--i-own');
    expect(assertMayLoad('https://tickets.example.org', true).host).toBe('tickets.example.org');
    expect(assertMayLoad('http://localhost:3000', false).port).toBe('3000');
  });

  it('says what it does not understand', () => {
    expect(readWish(['premiere', '--fans', '7'])?.wish.fans).toBe(7);
    for (const args of [
      ['party'],
      ['rush', '--fans', '0'],
      ['rush', '--wings'],
      ['room', '--lobby', 'x'],
    ]) {
      expect(() => readWish(args)).toThrow(WrongUsage);
    }
  });

  it('notices in what fans were told that a seat was booked twice', () => {
    const log = openClientLog();
    const booking = (fan: string) => ({
      kind: 'call' as const,
      fan,
      op: 'booking',
      path: '',
      start: 0,
      end: 1,
      status: 200,
      told: { show_id: 's1', seats: ['A-1'] },
    });
    log.add(booking('one'));
    log.add(booking('one'));
    expect(soldTwice(log)).toBe(0);
    log.add(booking('two'));
    expect(soldTwice(log)).toBe(1);
  });

  it(
    'goes through the whole journey, and every promise holds',
    inWorld({ rowSeats: 12, holdSeconds: 3 }, async (world) => {
      const fans = await addFans(world, arrivals.fans);
      const result = await runCrowd({
        url: world.url,
        arrivals,
        behaviour: { ...usualBehaviour, thinkMs: [0, 100], pollMs: [200, 500] },
        sales: [{ saleId: 'rush', showIds: [formatShowId(world.rushId)] }],
        accounts: fans,
        until: 'paid',
        msMax: 50_000,
      });
      const audit = await world.settles();
      const figures = figuresOf(result);
      expect(figures.fans).toBe(arrivals.fans);
      expect(figures.endings.booked).toBeGreaterThan(0);
      expect(figures.ops.map((row) => row.op)).toEqual(
        expect.arrayContaining(['join', 'reserve', 'confirm', 'booking', 'seats']),
      );
      const verdict = verdictOf(figures, audit, result.log);
      expect(verdict).toMatchObject({ good: true });
      const report = {
        name: 'rush',
        commit: 'c',
        machine: 'm',
        target: 't',
        settings: { a: undefined },
      };
      const page = crowdPage({ ...report, verdict, figures, audit });
      expect(page).toContain('Every promise held');
      expect(page).not.toMatch(/(src|href)=|NaN|undefined/);
      expect(crowdText({ ...report, verdict, figures, audit })).toContain('0 twice');
    }),
  );
});
