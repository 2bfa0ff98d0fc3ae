import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { loadScript, runScript, type Script } from '../core/redis/scripts.js';
import {
  type FanPlace,
  type JoinAsk,
  type JoinOutcome,
  joinArgs,
  type LoadedAdmission,
  type RoomFigures,
  type RoomSettings,
  readFigures,
  readJoin,
  readPicks,
  readPlace,
  settingArgs,
  type Ticked,
} from './answers.js';

const load = (file: string): Script => loadScript(new URL(`lua/${file}`, import.meta.url));

const scripts = {
  join: load('join-5.lua'),
  place: load('place-4.lua'),
  end: load('end-7.lua'),
  tick: load('tick-8.lua'),
  publish: load('publish-4.lua'),
  room: load('room-4.lua'),
  roster: load('roster-2.lua'),
  configure: load('configure-2.lua'),
  extend: load('extend-1.lua'),
  restoreClaim: load('restore_claim-1.lua'),
  restoreBegin: load('restore_begin-7.lua'),
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
  const run = async (script: Script, keys: string[], args: (string | number)[]) => {
    const told = (await runScript(redis, script, keys, args)) as string | string[];
    const answer = typeof told === 'string' ? told.split('|') : told;
    if (answer[0] === 'epoch') throw new OtherEpoch();
    return answer;
  };
  return {
    /** Joins of different fans, in their order. */
    join: async (asks: JoinAsk[]): Promise<JoinOutcome[]> => {
      const keys = [room, line, marks, returned, priority];
      return (await run(scripts.join, keys, [ident, ...asks.flatMap(joinArgs)])).map(readJoin);
    },
    place: async (fanId: string): Promise<FanPlace | 'none' | 'barred'> => {
      const answer = await run(scripts.place, [room, line, marks, returned], [ident, fanId]);
      return answer[0] === 'ok' ? readPlace(answer) : (answer[0] as 'none' | 'barred');
    },
    /** Ends a place or pass; `passId` limits it to that pass. */
    end: async (fanId: string, kind: 'd' | 'l' | 'b', passId?: string): Promise<boolean> => {
      const keys = [room, line, marks, returned, leases, picked, priority];
      const answer = await run(scripts.end, keys, [ident, fanId, kind, passId ?? '']);
      return answer[0] === 'ok';
    },
    tick: async (step: {
      stepMs: number;
      headsMax: number;
      prefix: string;
      seatsLeft: number | null;
      sweep: boolean;
      burstMs: number;
      leaseMs: number;
      announceMs: number;
    }): Promise<Ticked> => {
      const keys = [room, line, marks, returned, leases, picked, window, priority];
      const answer = await run(scripts.tick, keys, [
        ident,
        step.stepMs,
        step.headsMax,
        step.prefix,
        String(step.seatsLeft ?? ''),
        step.sweep ? '1' : '0',
        step.burstMs,
        step.leaseMs,
        step.announceMs,
      ]);
      return {
        announce: answer[1] === '1',
        seqLeft: Number(answer[2]),
        tickMs: Number(answer[3]),
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
      const keys = [room, marks, picked, leases];
      return (await run(scripts.publish, keys, [ident, leewayMs, nowMs, ...args])).slice(1);
    },
    room: async (): Promise<RoomFigures> =>
      readFigures(await run(scripts.room, [room, line, returned, leases], [ident])),
    /** A part of the roster as the script writes it; undefined while there is none yet. */
    roster: async (from: number, count: number): Promise<string | undefined> => {
      const answer = await run(scripts.roster, [room, line], [ident, from, count]);
      return answer[0] === 'ok' ? (answer[1] ?? '') : undefined;
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
      const keys = [room, line, marks, returned, leases, picked, window];
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
