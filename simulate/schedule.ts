import type { Random } from '../loadtest/crowd/random.js';
import { attemptOf } from './money.js';
import { livePass, type Room } from './room.js';
import type { Settings, Step } from './step.js';
import type { World } from './world.js';

/** What a sale of a seed is like. */
export function drawSettings(random: Random): Settings {
  const pick = <T>(...list: [T, ...T[]]): T => random.pick(list) ?? list[0];
  return {
    fans: random.whole(2, 12),
    lobby: pick('arrival', 'arrival', 'draw'),
    ratePerMinute: pick(6, 60, 600, 600),
    passCap: random.whole(1, 8),
    passMs: pick(20_000, 120_000, 300_000),
    rows: Array.from({ length: random.whole(1, 3) }, () => random.whole(1, 6)),
    seatCap: random.whole(1, 4),
    orphanRule: pick('off', 'off', 'lenient', 'strict'),
    holdMs: pick(20_000, 60_000, 300_000),
    offerMs: pick(0, 30_000, 120_000),
    startsInMs: pick(86_400_000, 86_400_000, 1_200_000),
  };
}

type Option = [weight: number, choose: (world: World, random: Random) => Step];

const dice = (random: Random, options: [number, Step][]): Step => {
  let lot = random.next() * options.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, step] of options) {
    lot -= weight;
    if (lot < 0) return step;
  }
  return options[0]?.[1] ?? { do: 'wait', n: 1 };
};

/** Who moves next, and how often each gets the chance. */
const movers: Option[] = [
  [36, fanStep],
  [26, laneStep],
  [20, roomStep],
  [11, moneyStep],
  [8, (_world, random) => ({ do: 'wait', n: spanMs(random) })],
  [1, staffStep],
];

/** The next step of a sale, as the seed has it. */
export function chooseStep(world: World, random: Random): Step {
  let lot = random.next() * movers.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choose] of movers) {
    lot -= weight;
    if (lot < 0) return choose(world, random);
  }
  return { do: 'wait', n: spanMs(random) };
}

function spanMs(random: Random): number {
  return dice(random, [
    [8, { do: 'wait', n: random.whole(1, 200) }],
    [4, { do: 'wait', n: random.whole(500, 3_000) }],
    [3, { do: 'wait', n: random.whole(5_000, 20_000) }],
    [1, { do: 'wait', n: random.whole(30_000, 130_000) }],
  ]).n as number;
}

function roomStep(world: World, random: Random): Step {
  const { room } = world;
  // A tick of an empty room is no news.
  const isEmpty = room.reference.left.length === 0 && room.pumps.every(isIdle);
  if (isEmpty) return fanStep(world, random);
  const who = random.whole(0, 1);
  const pump = room.pumps[who];
  const work: Step = { do: 'tick', who };
  if (pump && pump.picked.length > 0) work.do = 'admit';
  else if (pump && pump.written.length > 0) work.do = 'publish';
  return dice(random, [
    [30, work],
    [1, { do: 'kill pump', who }],
  ]);
}

const isIdle = ({ picked, written }: Room['pumps'][number]): boolean =>
  picked.length + written.length === 0;

function laneStep(world: World, random: Random): Step {
  const { processors, shard } = world;
  const waits = [...shard.rows.requests.values()].some(({ state }) => state === 'ACCEPTED');
  const works = processors.some(({ open, untold }) => open || untold.length > 0);
  const isAsleep = !waits && !works && shard.rows.outbox.length === 0;
  if (isAsleep && random.chance(0.8)) return fanStep(world, random);
  const who = random.whole(0, 1);
  const processor = processors[who];
  const work: Step = { do: 'collect', who };
  if (processor?.open) work.do = 'commit';
  else if (processor && processor.collected.length > 0) work.do = 'lock';
  else if (processor && processor.untold.length > 0) work.do = 'tell';
  const relays: [number, Step][] =
    shard.rows.outbox.length > 0 ? [[12, { do: 'relay', n: random.whole(0, 1) }]] : [];
  return dice(random, [
    [30, work],
    [4, { do: 'lock', who }],
    [4, { do: 'tell', who }],
    [1, { do: 'kill processor', who }],
    ...relays,
  ]);
}

function staffStep({ room }: World, random: Random): Step {
  return dice(random, [
    [2, { do: room.state === 'PAUSED' ? 'resume' : 'pause' }],
    [1, { do: 'set rate', n: random.whole(6, 120) }],
    [1, { do: 'step clock', n: random.whole(-90_000, 90_000) }],
  ]);
}

function moneyStep(world: World, random: Random): Step {
  const { shard, settings } = world;
  const fans = Array.from({ length: settings.fans }, (_, fan) => fan);
  const who = random.pick(fans.filter((fan) => attemptOf(shard, fan)));
  if (who === undefined) return fanStep(world, random);
  const payment = attemptOf(shard, who);
  if (payment?.state === 'FAILED' && payment.provider !== 'declined') {
    // Money that nobody waits for any more, and its seats on their way to others.
    return dice(random, [
      [3, { do: 'charge', who, n: 0 }],
      [2, { do: 'hear', who }],
      [4, { do: 'release', who }],
    ]);
  }
  return dice(random, [
    [6, { do: 'charge', who, n: random.chance(0.25) ? 1 : 0 }],
    [6, { do: 'hear', who }],
    [2, { do: 'reconcile', who }],
    [3, { do: 'give up call', who }],
  ]);
}

function fanStep(world: World, random: Random): Step {
  const { room, shard, settings } = world;
  const fans = Array.from({ length: settings.fans }, (_, fan) => fan);
  const inside = fans.filter((fan) => isIn(room, fan) || isHolding(world, fan));
  // Whoever is inside does more than those who wait.
  const who = (random.chance(0.6) ? random.pick(inside) : undefined) ?? random.pick(fans) ?? 0;
  const mine = [...shard.rows.reservations.values()].findLast((one) => one.fan === who);
  if (mine?.state === 'HELD') {
    return dice(random, [
      [6, { do: 'confirm', who }],
      [2, { do: 'release', who }],
      [1, { do: 'repeat', who }],
    ]);
  }
  if (livePass(room, who)) return buyerStep(world, who, random);
  if (!room.reference.left.includes(who)) {
    return dice(random, [
      [isIn(room, who) ? 1 : 8, { do: 'join', who }],
      [isIn(room, who) ? 12 : 2, { do: 'look', who }],
    ]);
  }
  return dice(random, [
    [16, { do: 'look', who }],
    [1, { do: 'leave', who }],
    [1, { do: 'join', who }],
  ]);
}

/** Has a pass, fetched or not: a push has told the page. */
const isIn = ({ passes, clock }: Room, fan: number): boolean =>
  [...passes.values()].some(
    (pass) => pass.fan === fan && pass.state === 'LIVE' && pass.expiresAtMs > clock.nowMs,
  );

function isHolding({ shard }: World, fan: number): boolean {
  return [...shard.rows.reservations.values()].some(
    (one) => one.fan === fan && (one.state === 'HELD' || one.state === 'PAYING'),
  );
}

function buyerStep({ settings }: World, who: number, random: Random): Step {
  const seats = settings.rows.reduce((sum, size) => sum + size, 0);
  const n = random.whole(1, Math.min(4, settings.seatCap + 1));
  // Many want the same few seats.
  const at = random.whole(0, Math.min(3, seats - 1));
  return dice(random, [
    [8, { do: 'reserve', who, n }],
    [8, { do: 'reserve', who, n, at }],
    [2, { do: 'repeat', who }],
    [1, { do: 'withdraw', who }],
    [2, { do: 'wait in line', who, n: random.chance(0.5) ? n : -n }],
    [1, { do: 'leave line', who }],
    [1, { do: 'leave', who }],
  ]);
}
