// The rules of the room in simulated time against a real Redis: one plan, every answer the same.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RoomSettings } from '../admission/answers.js';
import { limits } from '../admission/limits.js';
import { type RoomScripts, roomScripts } from '../admission/scripts.js';
import { closeRedis, openRedis, type Redis } from '../core/redis/connect.js';
import { redisNames } from '../core/redis/keys.js';
import { fc } from '../test/support/draws.js';
import { until } from '../test/support/until.js';
import { openMemoryRedis } from './redis/memory-redis.js';

const fans = Array.from({ length: 7 }, (_, no) => `fan${no}`.padEnd(12, '0'));
const saleId = 'sale';
const startMs = 1_800_000_000_000;

type Step =
  | { do: 'join'; fans: number[]; flags: { priority: boolean; patient: boolean; banned: boolean } }
  | { do: 'receipt'; fan: number; score: number | 'lobby' }
  | { do: 'place' | 'endless'; fan: number; patient: boolean }
  | { do: 'end'; fan: number; kind: 'd' | 'l' | 'b'; pass: number }
  | { do: 'tick'; pump: number; seats: number | null; pace: number; sweep: boolean }
  | { do: 'publish'; live: boolean }
  | { do: 'admit'; fans: number }
  | { do: 'set'; state: string; rate: number; cap: number; draining: boolean }
  | { do: 'pass'; ms: number }
  | { do: 'lose'; kept: boolean };

const fan = fc.nat(fans.length - 1);
const flag = fc.boolean();
const rarely = fc.nat(5).map((lot) => lot === 0);
const is = <T extends string>(verb: T) => fc.constant(verb);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: is('join'),
      fans: fc.uniqueArray(fan, { minLength: 1, maxLength: 4 }),
      flags: fc.record({ priority: rarely, patient: flag, banned: rarely }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: is('receipt'),
      fan,
      score: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant('lobby' as const)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('place', 'endless'), fan, patient: flag }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: is('end'),
      fan,
      kind: fc.constantFrom('d' as const, 'l' as const, 'l' as const, 'b' as const),
      pass: fc.nat(2),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: is('tick'),
      pump: fc.nat(1),
      seats: fc.constantFrom(null, 9, 9, 9, 0),
      pace: fc.constantFrom(100, 100, 100, 40, 0),
      sweep: rarely,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: is('publish'), live: fc.nat(8).map((lot) => lot > 0) }) },
  { weight: 1, arbitrary: fc.record({ do: is('admit'), fans: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: is('set'),
      state: fc.constantFrom('ACTIVE', 'ACTIVE', 'PAUSED', 'CLOSED'),
      rate: fc.constantFrom(7, 60, 6_000),
      cap: fc.integer({ min: 0, max: 4 }),
      draining: rarely,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: is('pass'),
      ms: fc.constantFrom(100, 900, 30_001, 60_000, limits.graceLongMs, limits.keptMs + 1, -5_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('lose'), kept: flag }) },
);

/** One of the two rooms; its clock is the plan's. */
type Side = { room: RoomScripts; rooms: (ident: string) => RoomScripts; lose(): Promise<void> };

/** What the plan remembers, the same for both sides, since their answers are. */
type Notes = {
  nowMs: number;
  lobby: 'arrival' | 'draw';
  version: number;
  epoch: number;
  prefix: number;
  picked: { passId: string; fanId: string; score: number }[];
};

const settingsOf = (notes: Notes, more: Partial<RoomSettings> = {}): RoomSettings => ({
  version: notes.version,
  state: 'ACTIVE',
  lobby: notes.lobby,
  lobbyMs: startMs - 60_000,
  opensMs: startMs + 1_000,
  ratePerMinute: 60,
  passCap: 3,
  message: '',
  draining: false,
  noShowPercent: 50,
  priorityShare: 30,
  ...more,
});

async function play(side: Side, step: Step, notes: Notes): Promise<unknown> {
  const { room } = side;
  const fanId = 'fan' in step ? (fans[step.fan] ?? '') : '';
  switch (step.do) {
    case 'join':
    case 'receipt': {
      const asked = step.do === 'join' ? step.fans : [step.fan];
      const flags =
        step.do === 'join' ? step.flags : { priority: false, patient: false, banned: false };
      const draw = (no: number) => (notes.lobby === 'draw' ? 1_000 - 37 * no : null);
      const receipt = step.do === 'join' ? null : step.score;
      return room.join(
        asked.map((no) => ({ fanId: fans[no] ?? '', draw: draw(no), receipt, ...flags })),
      );
    }
    case 'place':
    case 'endless':
      return room.place(fanId, { patient: step.patient, banned: step.do === 'endless' });
    case 'end':
      return room.end(fanId, step.kind, step.pass === 0 ? notes.picked.at(-1)?.passId : undefined);
    case 'tick':
      return room.tick({
        stepMs: step.pump === 0 ? 1_000 : 40_000,
        headsMax: limits.headsMax,
        prefix: `p${notes.prefix}`.padEnd(11, '0'),
        stock: step.seats === null ? null : { free: step.seats, held: 1 },
        pace: { percent: step.pace, reason: step.pace < 100 ? 'lanes' : '' },
        sweep: step.sweep,
        burstMs: limits.burstMs,
        leaseMs: 90_000,
        announceMs: limits.announceMs,
        presence: limits,
      });
    case 'publish': {
      const live = { expiresAtMs: notes.nowMs + 60_000, live: step.live };
      const passes = notes.picked.slice(-3).map((pick) => ({ ...pick, ...live }));
      return room.publish(limits.leaseLeewayMs, notes.nowMs, passes);
    }
    case 'admit':
      return room.admit(step.fans);
    case 'set':
      return room.configure(
        settingsOf(notes, {
          state: step.state,
          ratePerMinute: step.rate,
          passCap: step.cap,
          draining: step.draining,
        }),
      );
    case 'pass':
      return [await room.room(), await room.roster(0, 10)];
    case 'lose':
      if (!step.kept) await side.lose();
      side.room = side.rooms(`${notes.epoch}.run`);
      return build(side.room, notes);
  }
}

async function build(room: RoomScripts, notes: Notes): Promise<unknown> {
  const claim = await room.restoreClaim(limits.restoreClaimMs);
  const begun = await room.restoreBegin(notes.epoch);
  const admissions = notes.picked.map((pick, at) => ({
    ...pick,
    state: ['LIVE', 'SPENT', 'LEFT'][at % 3] ?? '',
    expiresAtMs: notes.nowMs + 5_000,
  }));
  await room.restoreLoad(limits.leaseLeewayMs, notes.nowMs, admissions);
  const seq = notes.epoch * 1_000;
  await room.restoreFinish(
    { seq, seqMax: seq + 9, restoreMs: 3_000, opened: admissions.length > 0 },
    settingsOf(notes),
    [{ ageMs: 20_000, count: 1 }],
  );
  return [claim, begun];
}

function remember(notes: Notes, step: Step, answer: unknown): void {
  notes.prefix += 1;
  if (step.do === 'tick') notes.picked.push(...(answer as { picks: Notes['picked'] }).picks);
}

describe('the room in simulated time', () => {
  const prefix = `sim-${randomBytes(4).toString('hex')}`;
  const names = redisNames(prefix);
  const clockKey = `${prefix}:clock`;
  let redis: Redis;

  beforeAll(async () => {
    redis = openRedis(process.env.USHER_TEST_REDIS_URL ?? '', 'command', () => undefined);
    await until(() => redis.status === 'ready', { what: 'a connection to Redis' });
  });
  afterAll(() => closeRedis(redis));

  /** Redis's own clock can't be set, so there the scripts read the plan's. */
  const byPlan = {
    evalsha: async () => {
      throw new Error('NOSCRIPT');
    },
    eval: async (text: string, keyCount: number, ...given: (string | number)[]) =>
      redis.eval(
        text.replace("'TIME'", `'LRANGE', '${clockKey}', 0, 1`),
        keyCount,
        ...given.map(String),
      ),
  } as unknown as Redis;

  const keysOf = () => redis.keys(`${prefix}:{*`);
  const dumpRedis = async (): Promise<Record<string, unknown>> => {
    const dumped: Record<string, unknown> = {};
    for (const key of await keysOf()) {
      const kind = await redis.type(key);
      if (kind === 'hash') dumped[key] = await redis.hgetall(key);
      else if (kind === 'list') dumped[key] = await redis.lrange(key, 0, -1);
      else {
        const flat = await redis.zrange(key, '0', '-1', 'WITHSCORES');
        dumped[key] = flat.flatMap((member, at) =>
          at % 2 === 0 ? [{ member, score: Number(flat[at + 1]) }] : [],
        );
      }
    }
    return dumped;
  };
  const loseAll = async (): Promise<void> => {
    const keys = await keysOf();
    if (keys.length > 0) await redis.del(...keys);
  };
  const setClock = async (nowMs: number): Promise<void> => {
    await redis.del(clockKey);
    await redis.rpush(clockKey, `${Math.floor(nowMs / 1_000)}`, `${(nowMs % 1_000) * 1_000}`);
  };

  it('answers any plan as Redis does, and keeps what Redis keeps', async () => {
    const anyPlan = fc.record({
      lobby: fc.constantFrom('arrival' as const, 'draw' as const),
      steps: fc.array(anyStep, { minLength: 20, maxLength: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(anyPlan, async ({ lobby, steps }) => {
        const notes: Notes = {
          ...{ nowMs: startMs, lobby, version: 1, epoch: 1, prefix: 0, picked: [] },
        };
        const memory = openMemoryRedis(() => notes.nowMs);
        const sideOf = (connection: Redis, lose: () => Promise<void>): Side => {
          const rooms = (ident: string) => roomScripts(connection, names, saleId, ident);
          return { room: rooms('1.run'), rooms, lose };
        };
        const sides = [sideOf(memory.connection, async () => memory.empty())];
        sides.push(sideOf(byPlan, loseAll));
        await loseAll();
        await setClock(notes.nowMs);
        for (const side of sides) await build(side.room, notes);
        for (const step of steps) {
          if (step.do === 'pass') {
            notes.nowMs += step.ms;
            await setClock(notes.nowMs);
          }
          if (step.do === 'set') notes.version += 1;
          if (step.do === 'lose') notes.epoch += 1;
          const [simulated, real] = sides;
          if (!simulated || !real) throw new Error('two sides are compared');
          const answer = await play(simulated, step, notes);
          expect(answer).toEqual(await play(real, step, notes));
          remember(notes, step, answer);
        }
        expect(memory.dump()).toEqual(await dumpRedis());
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });
});
