// What each scenario means: how many come when, to which sale, and how far they go.
import type { SaleSize } from './catalog.js';
import { type ArrivalPlan, type Behaviour, type Scenario, usualBehaviour } from './plan.js';

export type Wish = {
  scenario: Scenario;
  fans: number;
  shows: number;
  /** Seats in each show, about. */
  seats: number;
  seed: string;
  /** Milliseconds over which fans arrive; the scenario's own when undefined. */
  overMs: number | undefined;
  ratePerMinute: number | undefined;
  lobby: 'arrival' | 'draw';
  msMax: number;
};

export type Played = {
  arrivals: ArrivalPlan;
  behaviour: Behaviour;
  size: SaleSize;
  until: 'admitted' | 'paid';
};

const seatsPerRow = 20;
const holdSeconds = 20;
const openAfterMs = 8_000;

export function play(wish: Wish): Played {
  const rush = wish.scenario === 'rush';
  const overMs = wish.overMs ?? (rush ? 1_000 : 20_000);
  return {
    arrivals: { fans: wish.fans, seed: wish.seed, overMs, shape: rush ? 'even' : 'surge' },
    behaviour: rush
      ? { ...usualBehaviour, browses: 0, leaves: 0, thinkMs: [0, 200], pollMs: [500, 1_500] }
      : usualBehaviour,
    size: {
      saleId: wish.scenario,
      shows: rush ? 1 : wish.shows,
      rows: Math.max(1, Math.ceil(wish.seats / seatsPerRow)),
      seatsPerRow: Math.min(seatsPerRow, wish.seats),
      // In a premiere the crowd gathers before the opening; a rush finds the room open.
      opensInMs: rush ? 1_000 : openAfterMs,
      lobby: wish.lobby,
      ratePerMinute: wish.ratePerMinute ?? Math.max(600, wish.fans * 3),
      passCap: Math.max(100, wish.fans),
      holdSeconds,
    },
    until: wish.scenario === 'room' ? 'admitted' : 'paid',
  };
}
