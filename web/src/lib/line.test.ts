import { describe, expect, it } from '@jest/globals';
import { aheadOf, estimate, lineWords, oddsWords, orderWords, runsShort } from './line.js';
import { backOffMs, pollMs } from './pace.js';
import { routeOf } from './routes.js';
import { stepOf } from './step.js';
import type { Place, Room } from './types.js';

function room(more: Partial<Room> = {}): Room {
  return {
    sale_id: 'x',
    state: 'open',
    now_serving: 100,
    waiting: 900,
    rate_per_minute: 60,
    seats_left: 200,
    message: null,
    ...more,
  };
}

function place(more: Partial<Place> = {}): Place {
  return { sale_id: 'x', state: 'waiting', place: 150, ahead: 49, eta_seconds: null, ...more };
}

describe('how many are ahead', () => {
  it('is the smallest of what is known and never grows', () => {
    expect(aheadOf(place(), room(), null)).toBe(49);
    expect(aheadOf(place(), room({ now_serving: 120 }), 49)).toBe(29);
    expect(aheadOf(place(), room({ now_serving: 90 }), 30)).toBe(30);
    expect(aheadOf(place(), room({ now_serving: 400 }), 30)).toBe(0);
  });

  it('is unknown in the lobby of a draw', () => {
    expect(aheadOf(place({ place: null, ahead: null }), room(), null)).toBeNull();
  });
});

describe('what a fan is told', () => {
  const moved = { nowServing: 100, movedMs: 0 };

  it('is an estimate only while the line moves', () => {
    expect(estimate(60, room())).toEqual({ low: 48, high: 86 });
    expect(estimate(60, room({ rate_per_minute: 0 }))).toBeNull();
    expect(estimate(60, room({ state: 'paused' }))).toBeNull();
  });

  it('says plainly when the line stands still', () => {
    const at = { ahead: 30, movement: moved, nowMs: 40_000 };
    expect(lineWords(room(), at).headline).toBe('The line is standing still');
    expect(lineWords(room(), { ...at, nowMs: 5000 }).tone).toBe('moving');
    expect(lineWords(room({ state: 'paused' }), at).headline).toBe('The line is paused');
    expect(lineWords(room({ state: 'restoring' }), at).headline).toBe('The line is being restored');
    expect(lineWords(room({ state: 'sold_out' }), at).tone).toBe('over');
  });

  it('names the reason when something behind the room is slow or everything is held', () => {
    const at = { ahead: 30, movement: moved, nowMs: 40_000 };
    expect(lineWords(room({ reason: 'pass_cap' }), at).text).toContain('as we let in at once');
    expect(lineWords(room({ reason: 'lanes' }), { ...at, nowMs: 0 }).text).toContain('fewer');
    const held = lineWords(room({ reason: 'seats_held', seats_left: 0, seats_held: 3 }), at);
    expect(held).toMatchObject({ tone: 'still', headline: 'Every seat is held at the moment' });
    expect(held.text).toMatch(/^3 seats are held/);
  });

  it('goes by how the line moves, with those who had gone', () => {
    expect(estimate(60, room({ line_per_minute: 120 }))).toEqual({ low: 24, high: 45.5 });
  });

  it('puts the odds in words, from certain to very slim', () => {
    const sale = { seat_cap: 10 };
    const at = (ahead: number, more: Partial<Room> = {}) =>
      oddsWords(sale, ahead, room({ seats_left: 100, seats_held: 20, ...more }))?.split(/[:,]/)[0];
    expect([9, 49, 99, 119, 120].map((ahead) => at(ahead))).toEqual([
      'certain',
      'good',
      'fair',
      'slim',
      'very slim',
    ]);
    expect(at(5, { seats_left: null })).toBeUndefined();
    expect(oddsWords(sale, null, room())).toBeNull();
  });

  it('says how the order is made', () => {
    expect(orderWords({ lobby: 'draw' })).toContain('draw');
    expect(orderWords({ lobby: 'arrival' })).toContain('order of joining');
  });

  it('warns early when the seats may not last', () => {
    expect(runsShort(500, room())).toBe(true);
    expect(runsShort(100, room())).toBe(false);
  });
});

describe('how often the page asks', () => {
  it('grows with the distance to the head and in hidden pages', () => {
    const near = pollMs({ ahead: 5, ratePerMinute: 600, hidden: false });
    const far = pollMs({ ahead: 50_000, ratePerMinute: 600, hidden: false });
    expect(near).toBe(2000);
    expect(far).toBe(30_000);
    expect(pollMs({ ahead: 5, ratePerMinute: 600, hidden: true })).toBe(10_000);
  });

  it('backs off up to a bound', () => {
    const middle = () => 0.5;
    expect([1, 2, 3, 9].map((attempt) => backOffMs(attempt, middle))).toEqual([
      500, 1000, 2000, 8000,
    ]);
  });
});

describe('where a reloaded page goes on', () => {
  const at = { place: null, purchase: null, standing: false, nowMs: 0 };
  const base = { saleId: 'x', showId: 's' };
  const reservation = {
    reservation_id: 'r',
    show_id: 's',
    seats: [],
    amount: 0,
    currency: 'INR',
    expires_at: new Date(1000).toISOString(),
  };

  it('is the step that the kept state names', () => {
    expect(stepOf(at)).toBe('gate');
    expect(stepOf({ ...at, standing: true })).toBe('choose');
    expect(stepOf({ ...at, place: place() })).toBe('line');
    const admitted = place({ state: 'admitted', pass_expires_at: new Date(1000).toISOString() });
    expect(stepOf({ ...at, place: admitted })).toBe('choose');
    expect(stepOf({ ...at, place: admitted, nowMs: 2000 })).toBe('gate');
    const reserve = { key: 'k', body: { show_id: 's', quantity: 2 } };
    expect(stepOf({ ...at, place: admitted, purchase: { ...base, reserve } })).toBe('sending');
    expect(stepOf({ ...at, purchase: { ...base, reservation } })).toBe('pay');
  });
});

describe('addresses', () => {
  it('name their pages', () => {
    expect(routeOf('/')).toEqual({ page: 'home' });
    expect(routeOf('/shows/12')).toEqual({ page: 'show', id: '12' });
    expect(routeOf('/bookings')).toEqual({ page: 'bookings' });
    expect(routeOf('/shows/12/more')).toEqual({ page: 'nowhere' });
    expect(routeOf('/movies/a%2Fb')).toEqual({ page: 'movie', id: 'a%2Fb' });
  });

  it('never lead out of the site after the log-in', () => {
    expect(routeOf('/login', '?next=/shows/1')).toEqual({ page: 'login', next: '/shows/1' });
    expect(routeOf('/login', '?next=//evil.example')).toEqual({ page: 'login', next: '/' });
    expect(routeOf('/login', '?next=/%5Cevil.example')).toEqual({ page: 'login', next: '/' });
  });
});
