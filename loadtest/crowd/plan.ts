import { randomOf } from './random.js';

export const scenarios = ['premiere', 'rush', 'room', 'browse', 'reserve'] as const;
export type Scenario = (typeof scenarios)[number];

/** How fans behave: shares are from 0 to 1, drawn for each fan from the seed. */
export type Behaviour = {
  /** Fans whose page hears pushes; the others ask again and again. */
  sockets: number;
  /** Look at the movie, the sale and the room before joining. */
  browses: number;
  /** Load the page anew while they wait. */
  refreshes: number;
  /** Lose their connection while they wait, and come back. */
  drops: number;
  /** Give up their place while they wait. */
  leaves: number;
  /** Choose seats on the map; the others ask for a number of seats. */
  chooses: number;
  /** Send the same reserve call twice at once. */
  doubles: number;
  /** Hold seats and never pay. */
  abandons: number;
  /** Hold seats and give them back. */
  releases: number;
  /** Bring a card that is declined first. */
  declined: number;
  /** Bring a card that asks for 3-D Secure. */
  challenged: number;
  /** Answer their bank's question and close the page: only the provider tells how it ended. */
  closesPage: number;
  /** Wait for seats to come back where the show has a waitlist. */
  waits: number;
  seatsMost: number;
  /** How often one whose seats are gone chooses again. */
  choicesMost: number;
  /** Milliseconds between the steps of one fan, at least and at most. */
  thinkMs: [number, number];
  /** Milliseconds between two looks at the place. */
  pollMs: [number, number];
};

export const usualBehaviour: Behaviour = {
  sockets: 0.5,
  browses: 0.5,
  refreshes: 0.15,
  drops: 0.1,
  leaves: 0.03,
  chooses: 0.7,
  doubles: 0.05,
  abandons: 0.08,
  releases: 0.05,
  declined: 0.08,
  challenged: 0.08,
  closesPage: 0,
  waits: 0.5,
  seatsMost: 4,
  choicesMost: 4,
  thinkMs: [100, 1_500],
  pollMs: [1_000, 3_000],
};

/** One fan's choices, all of them drawn before the run begins. */
export type FanPlan = {
  no: number;
  /** Milliseconds after the start of the run. */
  arrivesMs: number;
  socket: boolean;
  browses: boolean;
  refreshes: boolean;
  drops: boolean;
  leaves: boolean;
  chooses: boolean;
  doubles: boolean;
  waits: boolean;
  closesPage: boolean;
  seats: number;
  ending: 'pays' | 'abandons' | 'releases';
  card: 'pm_card_visa' | 'pm_card_chargeDeclined' | 'pm_card_authenticationRequired';
};

export type ArrivalPlan = {
  fans: number;
  seed: string;
  /** Milliseconds over which they come. */
  overMs: number;
  /** `even`: all along; `surge`: most of them in the middle, as at an opening. */
  shape: 'even' | 'surge';
};

/** Draws the whole crowd; the same seed and numbers give the same fans. */
export function drawFans(plan: ArrivalPlan, behaviour: Behaviour): FanPlan[] {
  const fans = Array.from({ length: plan.fans }, (_, no) => drawFan(plan, behaviour, no));
  return fans.sort((a, b) => a.arrivesMs - b.arrivesMs);
}

function drawFan(plan: ArrivalPlan, behaviour: Behaviour, no: number): FanPlan {
  const random = randomOf(`${plan.seed} fan ${no}`);
  const along =
    plan.shape === 'even' ? random.next() : (random.next() + random.next() + random.next()) / 3;
  const end = random.next();
  const card = random.next();
  return {
    no,
    arrivesMs: Math.round(along * plan.overMs),
    socket: random.chance(behaviour.sockets),
    browses: random.chance(behaviour.browses),
    refreshes: random.chance(behaviour.refreshes),
    drops: random.chance(behaviour.drops),
    leaves: random.chance(behaviour.leaves),
    chooses: random.chance(behaviour.chooses),
    doubles: random.chance(behaviour.doubles),
    seats: random.whole(1, behaviour.seatsMost),
    ending:
      end < behaviour.abandons
        ? 'abandons'
        : end < behaviour.abandons + behaviour.releases
          ? 'releases'
          : 'pays',
    card:
      card < behaviour.declined
        ? 'pm_card_chargeDeclined'
        : card < behaviour.declined + behaviour.challenged
          ? 'pm_card_authenticationRequired'
          : 'pm_card_visa',
    waits: random.chance(behaviour.waits),
    closesPage: random.chance(behaviour.closesPage),
  };
}
