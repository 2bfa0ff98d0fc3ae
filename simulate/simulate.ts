import { randomOf } from '../loadtest/crowd/random.js';
import type { Fault } from './faults.js';
import { type Counts, type Played, playBy } from './play.js';
import { chooseStep, drawSettings } from './schedule.js';
import { shrink } from './shrink.js';
import type { Plan, Step } from './step.js';

/** A sale whose seed breaks a promise, cut down to what is needed for it. */
export type Failure = {
  seed: string;
  found: Plan;
  plan: Plan;
  broken: NonNullable<Played['broken']>;
};

export type Result = { sales: number; seconds: number; counts: Counts; failure: Failure | null };

const stepsMax = 160;
/** Plays that may be spent on cutting one plan down. */
const cutPlaysMax = 3_000;

/** Plays the sale of a seed; returns it with the steps that it took. */
export async function playSeed(
  seed: string,
  fault?: Fault,
): Promise<{ plan: Plan; played: Played }> {
  const random = randomOf(seed);
  const settings = drawSettings(random);
  const steps: Step[] = [];
  const choose = (world: Parameters<typeof chooseStep>[0]): Step | undefined => {
    if (steps.length === stepsMax) return undefined;
    const step = chooseStep(world, random);
    steps.push(step);
    return step;
  };
  return {
    played: await playBy({ settings, comesToRest: true }, choose, fault),
    plan: { settings, steps },
  };
}

/**
 * Plays sale after sale, each by the seed and its number, until enough were played, the time is over
 * or one fails, which is then cut down.
 */
export async function simulate(
  ask: { seed: string; salesMax: number; secondsMax: number; cutPlaysMax?: number },
  fault?: Fault,
): Promise<Result> {
  const startedMs = performance.now();
  const spent = () => (performance.now() - startedMs) / 1_000;
  const counts: Counts = { steps: 0, admitted: 0, decided: 0, granted: 0, paid: 0 };
  let sales = 0;
  while (sales < ask.salesMax && spent() < ask.secondsMax) {
    sales += 1;
    const seed = `${ask.seed}-${sales}`;
    const { plan, played } = await playSeed(seed, fault);
    for (const key of Object.keys(counts) as (keyof Counts)[]) counts[key] += played.counts[key];
    if (!played.broken) continue;
    const seconds = spent();
    const small = await shrink(plan, played.broken, {
      fault,
      playsMax: ask.cutPlaysMax ?? cutPlaysMax,
    });
    return { sales, seconds, counts, failure: { seed, found: plan, ...small } };
  }
  return { sales, seconds: spent(), counts, failure: null };
}
