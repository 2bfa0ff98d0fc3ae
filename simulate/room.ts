import type { FanPlace, Picked } from '../admission/answers.js';
import { drawScore } from '../admission/draw.js';
import { limits } from '../admission/limits.js';
import { type RoomScripts, roomScripts } from '../admission/scripts.js';
import { redisNames } from '../core/redis/keys.js';
import type { Fault } from './faults.js';
import { type MemoryRedis, openMemoryRedis } from './redis/memory-redis.js';
import { RoomReference } from './room-reference.js';
import { fanIdOf, fanOf, type Settings } from './step.js';

/** An admission as the catalog keeps it. */
export type Pass = {
  passId: string;
  fan: number;
  expiresAtMs: number;
  state: 'LIVE' | 'SPENT' | 'LEFT';
};

/** A pump remembers when it ticked, and picks that it has not written or published yet. */
type Pump = { tickedAtMs: number; picked: Picked[]; written: string[] };

export type Clock = { nowMs: number; redisSkewMs: number };

export const saleId = 'sale';
export const seed = Buffer.from('the seed of a simulated draw');
export const openingMs = 3_000;

/** The waiting room: the product's own scripts and rules, pumps that can die between any two steps. */
export type Room = {
  clock: Clock;
  settings: Settings;
  redis: MemoryRedis;
  scripts: RoomScripts;
  reference: RoomReference;
  passes: Map<string, Pass>;
  /** Passes that a page has fetched. */
  fetched: Set<string>;
  pumps: Pump[];
  opensAtMs: number;
  version: number;
  ticks: number;
  state: 'ACTIVE' | 'PAUSED';
  ratePerMinute: number;
};

export async function openRoom(clock: Clock, settings: Settings, fault?: Fault): Promise<Room> {
  const redis = openMemoryRedis(() => clock.nowMs + clock.redisSkewMs, fault?.script);
  const opensAtMs = clock.nowMs + openingMs;
  const room: Room = {
    clock,
    settings,
    redis,
    scripts: roomScripts(redis.connection, redisNames('sim'), saleId, '1.simulated'),
    reference: new RoomReference(settings, opensAtMs, seed),
    passes: new Map(),
    fetched: new Set(),
    pumps: [newPump(clock), newPump(clock)],
    opensAtMs,
    version: 1,
    ticks: 0,
    state: 'ACTIVE',
    ratePerMinute: settings.ratePerMinute,
  };
  await room.scripts.restoreBegin(1);
  const start = { seq: 0, seqMax: limits.seqBlock, restoreMs: 0, opened: false };
  await room.scripts.restoreFinish(start, settingsOf(room), []);
  return room;
}

const newPump = (clock: Clock): Pump => ({ tickedAtMs: clock.nowMs, picked: [], written: [] });

function settingsOf({ version, state, settings, opensAtMs, ratePerMinute }: Room) {
  return {
    ...{ version, state, lobby: settings.lobby, lobbyMs: 0, opensMs: opensAtMs, ratePerMinute },
    ...{ passCap: settings.passCap, message: '', draining: false },
    ...{ noShowPercent: 0, priorityShare: 0 },
  };
}

export async function configure(
  room: Room,
  change: Partial<Pick<Room, 'state' | 'ratePerMinute'>>,
): Promise<void> {
  if (change.ratePerMinute !== undefined && change.ratePerMinute !== room.ratePerMinute) {
    room.reference.rateChanged(change.ratePerMinute);
  }
  Object.assign(room, change);
  room.version += 1;
  await room.scripts.configure(settingsOf(room));
}

const plainAsker = { patient: false, banned: false };

export async function join(room: Room, fan: number): Promise<void> {
  const fanId = fanIdOf(fan);
  const draw = room.settings.lobby === 'draw' ? drawScore(seed, fanId) : null;
  const ask = { fanId, draw, receipt: null, priority: false, ...plainAsker };
  const [answer] = await room.scripts.join([ask]);
  if (answer?.outcome === 'ok') room.reference.joined(fan, answer, room.clock.nowMs);
}

/** The fan's page asks for its place; undefined for a stranger. */
export async function look(room: Room, fan: number): Promise<FanPlace | undefined> {
  const answer = await room.scripts.place(fanIdOf(fan), plainAsker);
  if (typeof answer === 'string') return undefined;
  if (answer.kind === 'a') room.fetched.add(answer.pass);
  room.reference.looked(fan, answer, room.clock.nowMs);
  return answer;
}

/** The live pass that the fan's page has. */
export function livePass(room: Room, fan: number): Pass | undefined {
  return [...room.passes.values()].find(
    (pass) => pass.fan === fan && isLive(room, pass) && room.fetched.has(pass.passId),
  );
}

function isLive({ clock }: Room, pass: Pass | undefined): boolean {
  return pass?.state === 'LIVE' && pass.expiresAtMs > clock.nowMs;
}

/** Leaving ends the pass in SQL first, as the gate does. */
export async function leave(room: Room, fan: number): Promise<void> {
  for (const pass of room.passes.values()) {
    if (pass.fan === fan && pass.state === 'LIVE') pass.state = 'LEFT';
  }
  await room.scripts.end(fanIdOf(fan), 'l');
  room.reference.gone(fan);
}

/** A granted request has spent the pass: told by the relay, perhaps more than once. */
export async function spend(room: Room, passId: string): Promise<void> {
  const pass = room.passes.get(passId);
  if (!pass) return;
  if (pass.state === 'LIVE') pass.state = 'SPENT';
  await room.scripts.end(fanIdOf(pass.fan), 'd', passId);
}

export async function tick(room: Room, who: number, freeSeats: number): Promise<void> {
  const pump = room.pumps[who % 2];
  if (!pump || pump.picked.length > 0 || pump.written.length > 0) return;
  room.ticks += 1;
  const { nowMs } = room.clock;
  const stepMs = nowMs - pump.tickedAtMs;
  pump.tickedAtMs = nowMs;
  const ticked = await room.scripts.tick({
    stepMs,
    headsMax: limits.headsMax,
    prefix: `p${room.ticks}`.padEnd(11, 'x'),
    stock: { free: freeSeats, held: 1 },
    pace: { percent: 100, reason: '' },
    sweep: true,
    burstMs: limits.burstMs,
    leaseMs: room.settings.passMs + limits.leaseLeewayMs,
    announceMs: limits.announceMs,
    presence: limits,
  });
  // A sweep also tells picks that a pump left behind when it died.
  pump.picked = ticked.picks;
  room.reference.ticked(ticked.picks, {
    nowMs,
    isSelling: freeSeats > 0 && room.state === 'ACTIVE',
    isLive: (passId) => isLive(room, room.passes.get(passId)),
  });
}

/** Writes the admissions in SQL; writing one again changes nothing. */
export function admit(room: Room, who: number): void {
  const pump = room.pumps[who % 2];
  if (!pump) return;
  for (const { passId, fanId } of pump.picked) {
    const expiresAtMs = room.clock.nowMs + room.settings.passMs;
    const fan = fanOf(fanId);
    if (!room.passes.has(passId)) {
      room.passes.set(passId, { passId, fan, expiresAtMs, state: 'LIVE' });
    }
    pump.written.push(passId);
  }
  pump.picked = [];
}

export async function publish(room: Room, who: number): Promise<void> {
  const pump = room.pumps[who % 2];
  if (!pump || pump.written.length === 0) return;
  const { nowMs } = room.clock;
  const passes = pump.written.flatMap((passId) => {
    const pass = room.passes.get(passId);
    if (!pass) return [];
    const { fan, expiresAtMs } = pass;
    return [{ passId, fanId: fanIdOf(fan), expiresAtMs, live: isLive(room, pass) }];
  });
  pump.written = [];
  for (const orphan of await room.scripts.publish(limits.leaseLeewayMs, nowMs, passes)) {
    const pass = room.passes.get(orphan);
    if (pass?.state === 'LIVE') pass.state = 'LEFT';
  }
}

export function killPump(room: Room, who: number): void {
  room.pumps[who % 2] = newPump(room.clock);
}
