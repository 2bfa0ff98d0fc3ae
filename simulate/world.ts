import { seatsFor } from '../core/domain/waitlist.js';
import type { Fault } from './faults.js';
import { collect, commit, killProcessor, lock, newProcessor, type Processor } from './lane.js';
import { hasLine, joinLine, mapOf, type Served } from './line.js';
import * as money from './money.js';
import {
  admit,
  type Clock,
  configure,
  join,
  killPump,
  leave,
  livePass,
  look,
  openRoom,
  publish,
  type Room,
  spend,
  tick,
} from './room.js';
import { freeCount, isHeadFree, move, openShard, type Shard, seatName } from './shard.js';
import { ShardReference } from './shard-reference.js';
import type { Settings, Step, Verb } from './step.js';

/** A sale in simulated time: the room, one show, and everybody who moves them. */
export type World = {
  clock: Clock;
  settings: Settings;
  fault: Fault | undefined;
  room: Room;
  shard: Shard;
  reference: ShardReference;
  processors: Processor[];
  nextKey: number;
  /** Made so far, those of coming to rest included. */
  steps: number;
};

const startMs = 1_800_000_000_000;

export async function openWorld(settings: Settings, fault?: Fault): Promise<World> {
  const clock = { nowMs: startMs, redisSkewMs: 0 };
  const room = await openRoom(clock, settings, fault);
  const shard = openShard(clock, settings);
  const reference = new ShardReference(settings, shard);
  const processors = [newProcessor(), newProcessor()];
  return { clock, settings, fault, room, shard, reference, processors, nextKey: 1, steps: 0 };
}

type Act = (world: World, step: Required<Omit<Step, 'at'>> & Pick<Step, 'at'>) => unknown;

/** What each verb does. A step that doesn't fit the state does nothing. */
const acts: Record<Verb, Act> = {
  wait: ({ clock }, { n }) => {
    clock.nowMs += Math.max(0, n);
  },
  'step clock': ({ clock }, { n }) => {
    clock.redisSkewMs += n;
  },
  join: ({ room }, { who }) => join(room, who),
  look: ({ room }, { who }) => look(room, who),
  leave: ({ room }, { who }) => leave(room, who),
  tick: ({ room, shard }, { who }) => tick(room, who, freeCount(shard.rows)),
  admit: ({ room }, { who }) => admit(room, who),
  publish: ({ room }, { who }) => publish(room, who),
  'kill pump': ({ room }, { who }) => killPump(room, who),
  pause: ({ room }) => configure(room, { state: 'PAUSED' }),
  resume: ({ room }) => configure(room, { state: 'ACTIVE' }),
  'set rate': ({ room }, { n }) => configure(room, { ratePerMinute: Math.max(1, n) }),
  reserve,
  repeat: repeatLast,
  withdraw,
  collect: ({ shard, processors }, { who }) => collect(shard, at(processors, who)),
  lock: ({ shard, processors, fault }, { who }) => lock(shard, at(processors, who), who % 2, fault),
  commit: commitBatch,
  tell: ({ shard, reference, processors }, { who }) => {
    for (const answer of at(processors, who).untold.splice(0)) reference.told(answer, shard.rows);
  },
  'kill processor': ({ shard, processors }, { who }) =>
    killProcessor(shard, at(processors, who), who % 2),
  relay: async ({ shard, room }, { n }) => {
    const [passId] = shard.rows.outbox;
    if (passId === undefined) return;
    await spend(room, passId);
    if (n !== 1) shard.rows.outbox.shift();
  },
  confirm: ({ shard }, { who }) => money.confirm(shard, who),
  charge: ({ shard }, { who, n }) => money.charge(shard, who, n === 1),
  hear: ({ shard, fault }, { who }) => money.hear(shard, who, fault),
  'give up call': ({ shard }, { who }) => money.giveUpCall(shard, who),
  reconcile: ({ shard, fault }, { who }) => money.reconcile(shard, who, fault),
  release: ({ shard }, { who }) => money.release(shard, who),
  'wait in line': waitInLine,
  'leave line': leaveLine,
};

const at = (processors: Processor[], who: number): Processor =>
  processors[who % 2] ?? newProcessor();

/** Their `who` counts pumps or processors. */
const machineVerbs = new Set<Verb>([
  ...(['tick', 'admit', 'publish', 'kill pump'] as const),
  ...(['collect', 'lock', 'commit', 'tell', 'kill processor'] as const),
]);

/** Makes one step and holds what it did against the references. @throws Broken */
export async function act(world: World, step: Step): Promise<void> {
  const { shard, reference, clock, settings } = world;
  if ((step.who ?? 0) >= settings.fans && !machineVerbs.has(step.do)) return;
  world.steps += 1;
  world.room.reference.sawClock(clock.nowMs + clock.redisSkewMs);
  const made = await acts[step.do](world, { who: 0, n: 0, ...step });
  const isServed = (made as Served | undefined)?.offers !== undefined;
  const events = shard.rows.events.splice(0);
  // Offers are made from what the change itself has freed.
  const offered = isServed ? (made as Served).offers.length : 0;
  reference.happened(events.slice(0, events.length - offered));
  if (isServed) reference.served(made as Served);
  reference.happened(events.slice(events.length - offered));
  reference.compare(shard.rows, world.clock.nowMs);
}

function commitBatch(world: World, { who }: { who: number }): void {
  const { shard, reference, processors, fault } = world;
  const decided = commit(shard, at(processors, who), who % 2, fault);
  if (decided) reference.decided(decided, shard.rows);
}

function reserve(world: World, { who, n, at: first }: { who: number; n: number; at?: number }) {
  const { shard, room, clock } = world;
  const pass = livePass(room, who);
  const { rows } = shard;
  const isBusy = [...rows.requests.values()].some(
    ({ fan, state }) => fan === who && state === 'ACCEPTED',
  );
  if (!pass || isBusy || n < 1) return;
  const names = shard.settings.rows.flatMap((size, rowNo) =>
    Array.from({ length: size }, (_, x) => seatName(rowNo, x)),
  );
  const seats = first === undefined ? [] : names.slice(first, first + n);
  if (first !== undefined && seats.length === 0) return;
  const requestId = shard.nextRequest++;
  rows.requests.set(requestId, {
    ...{ requestId, fan: who, key: world.nextKey++, passId: pass.passId },
    wish: first === undefined ? { quantity: n } : { seats },
    ...{ acceptedAtMs: clock.nowMs, state: 'ACCEPTED', reason: null },
  });
}

/** The same call again, with the same key: the journal knows it. */
function repeatLast({ shard, reference }: World, { who }: { who: number }): void {
  const last = [...shard.rows.requests.values()].findLast(({ fan }) => fan === who);
  if (last && last.state !== 'ACCEPTED') reference.told(last, shard.rows);
}

function withdraw({ shard }: World, { who }: { who: number }): void {
  const waiting = [...shard.rows.requests.values()].find(
    ({ fan, state }) => fan === who && state === 'ACCEPTED',
  );
  if (waiting && isHeadFree(shard)) move('request', waiting, 'WITHDRAWN');
}

function waitInLine({ shard, settings }: World, { who, n }: { who: number; n: number }): void {
  const quantity = Math.abs(n);
  const want = { quantity, zone: null, accessible: false, acceptFewer: n < 0 };
  if (quantity < 1 || quantity > settings.seatCap) return;
  if (!isHeadFree(shard) || !hasLine(shard)) return;
  if (seatsFor({ ...want, acceptFewer: true }, mapOf(shard.rows), quantity)) return;
  joinLine(shard, shard.rows, who, want);
}

function leaveLine({ shard }: World, { who }: { who: number }): Served | undefined {
  const entry = shard.rows.line.get(who);
  if (!isHeadFree(shard) || !entry) return undefined;
  if (entry.state !== 'WAITING' && entry.state !== 'OFFERED') return undefined;
  move('waitlist', entry, 'LEFT');
  entry.quantity = 0;
  return money.release(shard, who);
}
