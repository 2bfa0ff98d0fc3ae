import { describe, expect, it } from '@jest/globals';
import { type Live, liveLine, liveText } from './commands/sale-watch.js';
import { drawSeats, type SeatMap } from './commands/seats.js';
import { fields, moneyText, table } from './out.js';
import { momentOf, rateOf, wholeOf } from './time.js';

const now = Date.parse('2026-12-18T03:00:00.000Z');

describe('what people type', () => {
  it.each([
    ['+30s', '2026-12-18T03:00:30.000Z'],
    ['+2h', '2026-12-18T05:00:00.000Z'],
    ['2026-12-18T09:00:00+05:30', '2026-12-18T03:30:00.000Z'],
    ['2026-12-18 09:00Z', '2026-12-18T09:00:00.000Z'],
  ])('reads the time %s', (text, iso) => expect(momentOf(text, now)).toBe(iso));

  it.each(['tomorrow', '09:00', '2026-12-18T09:00', '-5m', '2026-13-40T09:00Z'])(
    'refuses the time %s',
    (text) => expect(() => momentOf(text, now)).toThrow('is no time'),
  );

  it.each([
    ['600/min', 600],
    ['600', 600],
    ['10/s', 600],
  ])('reads the rate %s', (text, rate) => expect(rateOf(text)).toBe(rate));

  it.each(['0', '-1', '5/h', 'many'])('refuses the rate %s', (text) =>
    expect(() => rateOf(text)).toThrow('is no rate'),
  );

  it('reads whole numbers only', () => {
    expect(wholeOf('12', '--seats')).toBe(12);
    for (const text of ['0', '1.5', 'x', '', undefined]) {
      expect(() => wholeOf(text, '--seats')).toThrow('--seats must be a whole number');
    }
  });
});

describe('what people see', () => {
  it('writes money with the decimals of its currency', () => {
    expect(moneyText(48_000, 'INR')).toBe('480.00 INR');
    expect(moneyText(1_200, 'JPY')).toBe('1200 JPY');
  });

  it('draws tables and fields without colours, with a dash for nothing', () => {
    expect(table(['a', 'b'], [['x', null]])).toContain('│ x │ - │');
    expect(table(['a'], [])).toBe('nothing to show');
    expect(
      fields([
        ['name', 'x'],
        ['longer', false],
      ]),
    ).toBe('name    x\nlonger  no');
  });

  it('draws rows with aisles, each state by its own sign', () => {
    const seat = (name: string, x: number, state: string, kind = 'standard') => ({
      seat: name,
      x,
      zone: 'front',
      kind,
      price: 24_000,
      state,
    });
    const map: SeatMap = {
      show_id: '7',
      version: 3,
      currency: 'INR',
      gate: 'open',
      rows: [
        {
          row: 'A',
          seats: [seat('A-1', 0, 'free'), seat('A-2', 1, 'held'), seat('A-3', 3, 'booked')],
        },
        {
          row: 'B',
          seats: [
            seat('B-1', 0, 'blocked'),
            seat('B-2', 1, 'free', 'accessible'),
            seat('B-3', 3, 'free', 'companion'),
          ],
        },
      ],
    };
    const drawn = drawSeats(map);
    expect(drawn).toContain('  A  .+ #  front');
    expect(drawn).toContain('  B  xa c  front');
    expect(drawn).toContain('. free 3   + held 1   # booked 1   x blocked 1');
    expect(drawn).toContain('front: 240.00 INR');
  });

  it('shows a sale live, as a picture and as a line', () => {
    const live: Live = {
      sale_id: 'premiere',
      name: 'The premiere',
      at: '2026-12-18T03:30:01.000Z',
      state: 'open',
      opens_at: '2026-12-18T03:30:00.000Z',
      now_serving: 100,
      waiting: 900,
      rate_per_minute: 590,
      rate_set_per_minute: 600,
      pass_cap: 500,
      passes_live: 80,
      message: '',
      seats: { free: 100, held: 50, booked: 50, blocked: 0 },
      requests: [{ outcome: 'refused', reason: 'seats_taken', requests: 12 }],
    };
    const picture = liveText(live);
    expect(picture).toContain('#############');
    expect(picture).toContain('waiting      900');
    expect(picture).toContain('seats_taken 12');
    expect(liveLine(live)).toBe(
      '2026-12-18T03:30:01.000Z open serving 100 waiting 900 free 100 held 50 booked 50',
    );
  });
});
