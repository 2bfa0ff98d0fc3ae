import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { loadScript, runScript, type Script } from '../core/redis/scripts.js';
import {
  type Asker,
  type FanPlace,
  type JoinAsk,
  type JoinOutcome,
  joinArgs,
  type LoadedAdmission,
  type RoomFigures,
  type RoomSettings,
  type RoomState,
  type RosterPart,
  readFigures,
  readJoin,
  readPicks,
  readPlace,
  readRosterPart,
  settingArgs,
  type Ticked,
} from './answers.js';
import { limits } from './limits.js';

const load = (file: string): Script => loadScript(new URL(`lua/${file}`, import.meta.url));

const scripts = {
  join: load('join-8.lua'),
  place: load('place-6.lua'),
  end: load('end-10.lua'),
  tick: load('tick-11.lua'),
  admit: load('admit-2.lua'),
  publish: load('publish-5.lua'),
  room: load('room-4.lua'),
  roster: load('roster-3.lua'),
  configure: load('configure-2.lua'),
  extend: load('extend-1.lua'),
  restoreClaim: load('restore_claim-1.lua'),
  restoreBegin: load('restore_begin-11.lua'),
  restoreLoad: load('restore_load-5.lua'),
  restoreFinish: load('restore_finish-2.lua'),
};

/** The room that a script found is not the one of the caller's epoch; it must be restored. */
export class OtherEpoch extends Error {
  constructor() {
    super('the room in Redis is of another epoch');
    this.name = 'OtherEpoch';
  }
}

/** The room of one sale under one ident; every call fails with OtherEpoch when it is not that one. */
export type RoomScripts = ReturnType<typeof roomScripts>;

export function roomScripts(redis: Redis, names: RedisNames, saleId: string, ident: string) {
  const room = names.room(saleId);
  const line = names.line(saleId);
  const marks = names.marks(saleId);
  const returned = names.returned(saleId);
  const leases = names.leases(saleId);
  const picked = names.picked(saleId);
  const window = names.window(saleId);
  const priority = names.priority(saleId);
  const seen = names.seen(saleId);
  const fresh = names.fresh(saleId);
  const calls = names.calls(saleId);
  const entrants = names.entrants(saleId);
  const places = [room, line, marks, returned, seen, fresh];
  const askerArgs = ({ patient, banned }: Asker) => [
    patient ? limits.graceLongMs : limits.graceMs,
    patient ? '1' : '0',
    banned ? '1' : '0',
  ];
  const run = async (script: Script, keys: string[], args: (string | number)[]) => {
    const told = (await runScript(redis, script, keys, args)) as string | string[];
    const answer = typeof told === 'string' ? told.split('|') : told;
    if (answer[0] === 'epoch') throw new OtherEpoch();
    return answer;
  };
  return {
    /** Joins of different fans, in their order. */
    join: async (asks: JoinAsk[]): Promise<JoinOutcome[]> => {
      const args = [ident, limits.graceMs, limits.graceLongMs, ...asks.flatMap(joinArgs)];
      return (await run(scripts.join, [...places, priority, entrants], args)).map(readJoin);
    },
    place: async (fanId: string, asker: Asker): Promise<FanPlace | 'none' | 'barred'> => {
      const answer = await run(scripts.place, places, [ident, fanId, ...askerArgs(asker)]);
      return answer[0] === 'ok' ? readPlace(answer) : (answer[0] as 'none' | 'barred');
    },
    /** Ends a place or pass; `passId` limits it to that pass, 'e' makes a waiting fan endless. */
    end: async (fanId: string, kind: 'd' | 'l' | 'b' | 'e', passId?: string): Promise<boolean> => {
      const keys = [room, line, marks, returned, leases, picked];
      keys.push(seen, fresh, priority, entrants);
      const answer = await run(scripts.end, keys, [ident, fanId, kind, passId ?? '']);
      return answer[0] === 'ok';
    },
    /** @returns how many the pass cap leaves, or the state in which nobody is let in. */
    admit: async (fans: number): Promise<{ fans: number } | { state: RoomState }> => {
      const [outcome, told] = await run(scripts.admit, [room, leases], [ident, fans]);
      return outcome === 'ok' ? { fans: Number(told) } : { state: told as RoomState };
    },
    tick: async (step: {
      stepMs: number;
      headsMax: number;
      prefix: string;
      stock: { free: number; held: number } | null;
      pace: { percent: number; reason: string };
      sweep: boolean;
      burstMs: number;
      leaseMs: number;
      announceMs: number;
      presence: { nearMs: number; graceMs: number; keptMs: number; keptLongMs: number };
    }): Promise<Ticked> => {
      const keys = [room, line, marks, returned, leases, picked];
      keys.push(window, seen, calls, fresh, priority);
      const answer = await run(scripts.tick, keys, [
        ident,
        step.stepMs,
        step.headsMax,
        step.prefix,
        String(step.stock?.free ?? ''),
        step.sweep ? '1' : '0',
        step.burstMs,
        step.leaseMs,
        step.announceMs,
        String(step.stock?.held ?? ''),
        step.pace.percent,
        step.pace.reason,
        step.presence.nearMs,
        step.presence.graceMs,
        step.presence.keptMs,
        step.presence.keptLongMs,
      ]);
      return {
        announce: answer[1] === '1',
        seqLeft: Number(answer[2]),
        tickMs: Number(answer[3]),
        called: answer[4] ? answer[4].split(' ') : [],
        picks: readPicks(answer),
      };
    },
    /** @returns passes that nobody holds any more. */
    publish: async (
      leewayMs: number,
      nowMs: number,
      passes: { passId: string; fanId: string; expiresAtMs: number; live: boolean }[],
    ): Promise<string[]> => {
      const args = passes.flatMap((pass) => [
        pass.passId,
        pass.fanId,
        pass.expiresAtMs,
        pass.live ? '1' : '0',
      ]);
      const keys = [room, marks, picked, leases, fresh];
      return (await run(scripts.publish, keys, [ident, leewayMs, nowMs, ...args])).slice(1);
    },
    room: async (): Promise<RoomFigures> =>
      readFigures(await run(scripts.room, [room, line, returned, leases], [ident])),
    /** A part of the roster; undefined while the room is restored. */
    roster: async (from: number, count: number): Promise<RosterPart | undefined> => {
      const answer = await run(scripts.roster, [room, line, entrants], [ident, from, count]);
      return answer[0] === 'ok' ? readRosterPart(answer) : undefined;
    },
    configure: async (settings: RoomSettings): Promise<void> => {
      await run(scripts.configure, [room, window], [ident, ...settingArgs(settings)]);
    },
    extend: async (seqMax: number): Promise<void> => {
      await run(scripts.extend, [room], [ident, seqMax]);
    },
    restoreClaim: async (claimMs: number): Promise<'done' | 'building' | 'mine' | 'wait'> => {
      const answer = await run(scripts.restoreClaim, [room], [ident, claimMs]);
      return answer[0] as 'done' | 'building' | 'mine' | 'wait';
    },
    /** `keptMs` is the last tick that a kept room has seen; null when nothing was kept. */
    restoreBegin: async (
      epoch: number,
    ): Promise<{ outcome: 'done' | 'newer' | 'building'; keptMs: number | null }> => {
      const keys = [room, line, marks, returned, leases, picked];
      keys.push(window, seen, calls, fresh, entrants);
      const [outcome, kept] = await run(scripts.restoreBegin, keys, [ident, epoch]);
      return {
        outcome: outcome as 'done' | 'newer' | 'building',
        keptMs: kept ? Number(kept) : null,
      };
    },
    restoreLoad: async (leewayMs: number, nowMs: number, admissions: LoadedAdmission[]) => {
      const args = admissions.flatMap((entry) => [
        entry.passId,
        entry.fanId,
        Number.isNaN(entry.score) ? '' : entry.score,
        entry.state,
        entry.expiresAtMs,
      ]);
      const keys = [room, line, marks, returned, leases];
      await run(scripts.restoreLoad, keys, [ident, nowMs, leewayMs, ...args]);
    },
    restoreFinish: async (
      start: { seq: number; seqMax: number; restoreMs: number; opened: boolean },
      settings: RoomSettings,
      recent: { ageMs: number; count: number }[],
    ): Promise<void> => {
      await run(
        scripts.restoreFinish,
        [room, window],
        [
          ident,
          start.seq,
          start.seqMax,
          start.restoreMs,
          start.opened ? '1' : '0',
          ...settingArgs(settings),
          ...recent.flatMap(({ ageMs, count }) => [ageMs, count]),
        ],
      );
    },
  };
}
