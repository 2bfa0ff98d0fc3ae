import type { OrphanRule } from '../core/domain/single-seats.js';

/** What a simulated sale is like. */
export type Settings = {
  fans: number;
  lobby: 'arrival' | 'draw';
  ratePerMinute: number;
  passCap: number;
  passMs: number;
  /** Seats in each row of the hall. */
  rows: number[];
  seatCap: number;
  orphanRule: OrphanRule;
  holdMs: number;
  /** How long an offer to the line holds its seats; 0: a full show is sold out. */
  offerMs: number;
  startsInMs: number;
};

/** Whoever may move next: the clock, a fan, a pump, a processor, the provider, staff. */
export const verbs = [
  'wait',
  'step clock',
  'join',
  'look',
  'leave',
  'tick',
  'admit',
  'publish',
  'kill pump',
  'pause',
  'resume',
  'set rate',
  'reserve',
  'repeat',
  'withdraw',
  'collect',
  'lock',
  'commit',
  'tell',
  'kill processor',
  'relay',
  'confirm',
  'charge',
  'hear',
  'give up call',
  'reconcile',
  'release',
  'wait in line',
  'leave line',
] as const;
export type Verb = (typeof verbs)[number];

/**
 * One step of a plan. `who` counts fans, pumps or processors; `n` is what the verb counts (ms, seats,
 * fans a minute, 1 for the other outcome); `at` is the first wanted seat, best seats without it. A
 * step that can't be made in the state that it meets does nothing, so that plans can be cut short.
 */
export type Step = { do: Verb; who?: number; n?: number; at?: number };

export type Plan = { settings: Settings; steps: Step[] };

/** A rule that didn't hold. */
export class Broken extends Error {
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.name = 'Broken';
    this.rule = rule;
  }
}

export const fanIdOf = (fan: number): string =>
  `fan${String(fan).padStart(2, '0')}`.padEnd(12, 'x');

export const fanOf = (fanId: string): number => Number(fanId.slice(3, 5));
