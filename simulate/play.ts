import type { Fault } from './faults.js';
import { isUnsettled } from './money.js';
import { freeCount } from './shard.js';
import { Broken, fanIdOf, type Plan, type Step } from './step.js';
import { act, openWorld, type World } from './world.js';

export type Counts = {
  steps: number;
  admitted: number;
  decided: number;
  granted: number;
  paid: number;
};

export type Played = {
  /** The promise that was broken first, and at which step; null when all were kept. */
  broken: { rule: string; detail: string; step: number } | null;
  counts: Counts;
};

/** Chooses the next step of a sale that goes on; undefined at its end. */
export type Chooser = (world: World) => Step | undefined;

/**
 * Plays a plan, lets the sale come to rest (unless that isn't asked for), and tells what was broken.
 * The same plan ends alike.
 */
export function play(plan: Plan, fault?: Fault, comesToRest = true): Promise<Played> {
  const left = [...plan.steps];
  return playBy({ ...plan, comesToRest }, () => left.shift(), fault);
}

/** The same with steps that are chosen as the sale goes on. */
export async function playBy(
  { settings, comesToRest }: { settings: Plan['settings']; comesToRest: boolean },
  choose: Chooser,
  fault?: Fault,
): Promise<Played> {
  const world = await openWorld(settings, fault);
  let step = 0;
  try {
    for (let next = choose(world); next; next = choose(world)) {
      await act(world, next);
      step += 1;
    }
    if (comesToRest) await settle(world);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const { rule, message } = error;
    return { broken: { rule, detail: message, step }, counts: countsOf(world) };
  }
  return { broken: null, counts: countsOf(world) };
}

function countsOf({ room, steps, shard: { rows } }: World): Counts {
  const requests = [...rows.requests.values()];
  const decided = requests.filter(({ state }) => state !== 'ACCEPTED');
  const booked = [...rows.reservations.values()].filter(({ state }) => state === 'BOOKED');
  return {
    steps,
    admitted: room.passes.size,
    decided: decided.length,
    granted: decided.filter(({ state }) => state === 'GRANTED').length,
    paid: booked.length,
  };
}

/** Nothing dies any more, and everything gets its time. */
async function settle(world: World): Promise<void> {
  const { shard } = world;
  const dead: Step['do'][] = ['kill processor', 'kill pump'];
  for (const verb of dead) for (const who of [0, 1]) await act(world, { do: verb, who });
  await act(world, { do: 'resume' });
  await drain(world);
  await serveRoom(world);
  const { startsAtMs, settings, clock } = shard;
  for (let round = 0; round < roundsMax && isUnsettledShow(world); round += 1) {
    await drain(world);
    for (const fan of fansOf(world)) {
      await act(world, { do: 'reconcile', who: fan });
      await act(world, { do: 'hear', who: fan });
    }
    const toStart = startsAtMs - clock.nowMs;
    await act(world, { do: 'wait', n: toStart > 0 ? toStart : settings.holdMs + payMs });
  }
  await drain(world);
  world.reference.settled(shard.rows);
}

const payMs = 120_000;
const roundsMax = 12;

const fansOf = ({ settings }: World): number[] =>
  Array.from({ length: settings.fans }, (_, fan) => fan);

function isUnsettledShow({ shard: { rows } }: World): boolean {
  const isHeld = [...rows.reservations.values()].some(({ state }) =>
    ['HELD', 'PAYING', 'ENDING'].includes(state),
  );
  return isHeld || rows.payments.some(isUnsettled);
}

/** One processor until nothing waits, and all that it has to tell. */
async function drain(world: World): Promise<void> {
  const rounds = 1 + world.shard.rows.requests.size;
  const round: Step['do'][] = ['collect', 'lock', 'commit', 'tell'];
  for (let at = 0; at < rounds; at += 1) {
    for (const verb of round) await act(world, { do: verb, who: 0 });
    const waits = [...world.shard.rows.requests.values()].some(({ state }) => state === 'ACCEPTED');
    if (!waits) break;
  }
  while (world.shard.rows.outbox.length > 0) await act(world, { do: 'relay' });
}

const turnsMax = 240;
const betweenTurnsMs = 5_000;

/** While seats are left, everybody who stays gets a turn. */
async function serveRoom(world: World): Promise<void> {
  const { room, shard } = world;
  for (let turn = 0; turn < turnsMax; turn += 1) {
    const inside = [...room.passes.values()].filter((pass) => pass.state === 'LIVE');
    for (const { fan } of inside) await act(world, { do: 'leave', who: fan });
    const { left } = room.reference;
    for (const fan of left) await act(world, { do: 'look', who: fan });
    if (left.length === 0 || freeCount(shard.rows) === 0) return;
    await act(world, { do: 'wait', n: betweenTurnsMs });
    for (const verb of ['tick', 'admit', 'publish'] as const) await act(world, { do: verb });
  }
  throw new Broken('everybody gets a turn', room.reference.left.map(fanIdOf).join(' '));
}
