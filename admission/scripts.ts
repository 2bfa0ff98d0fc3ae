import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { loadScript, runScript, type Script } from '../core/redis/scripts.js';

const load = (file: string): Script => loadScript(new URL(`lua/${file}`, import.meta.url));

const scripts = {
  join: load('join-4.lua'),
  place: load('place-4.lua'),
  end: load('end-6.lua'),
  tick: load('tick-7.lua'),
  publish: load('publish-4.lua'),
  room: load('room-4.lua'),
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

export type RoomState =
  | 'scheduled'
  | 'lobby'
  | 'open'
  | 'paused'
  | 'restoring'
  | 'sold_out'
  | 'closed';

/** What a room knows of one fan. */
export type FanPlace = {
  created: boolean;
  /** Waits in the line or the returned set, is picked, admitted, done or left. */
  kind: 'w' | 'q' | 'p' | 'a' | 'd' | 'l';
  /** Done, left, or admitted with a pass that ran out. */
  over: boolean;
  score: number | null;
  /** 0 is the front; null for a place that came back after ranks were settled. */
  rank: number | null;
  ahead: number;
  pass: string;
  expiresMs: number;
  state: RoomState;
  restoring: boolean;
  /** The opening has not happened yet. */
  lobby: boolean;
};

export type JoinOutcome =
  | ({ outcome: 'ok' } & FanPlace)
  | { outcome: 'block' | 'closed' | 'barred' }
  | { outcome: 'early'; lobbyMs: number };

export type RoomFigures = {
  state: RoomState;
  nowServing: number;
  waiting: number;
  /** Admissions a minute, measured over the last minute. */
  measuredPerMinute: number;
  setPerMinute: number;
  seatsLeft: number | null;
  message: string;
  livePasses: number;
  passCap: number;
  /** How long (ms) the measuring has gone on; at most a minute. */
  measuredMs: number;
  /** The opening has happened, for good. */
  latched: boolean;
};

export type Picked = { passId: string; fanId: string; score: number };

export type Ticked = {
  /** This tick is the one that tells the room's numbers. */
  announce: boolean;
  /** Sequence numbers that the room may still give out. */
  seqLeft: number;
  /** Redis's clock at the tick. */
  tickMs: number;
  picks: Picked[];
};

export type RoomSettings = {
  version: number;
  state: string;
  lobby: string;
  lobbyMs: number;
  opensMs: number;
  ratePerMinute: number;
  passCap: number;
  message: string;
};

export type LoadedAdmission = Picked & { state: string; expiresAtMs: number };

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
  const run = async (script: Script, keys: string[], args: (string | number)[]) => {
    const told = (await runScript(redis, script, keys, args)) as string | string[];
    const answer = typeof told === 'string' ? told.split('|') : told;
    if (answer[0] === 'epoch') throw new OtherEpoch();
    return answer;
  };
  return {
    /** `draw` is the fan's score in a draw, `receipt` a receipt's score or 'lobby'. */
    join: async (fanId: string, draw: number | null, receipt: number | 'lobby' | null) => {
      const keys = [room, line, marks, returned];
      return readJoin(
        await run(scripts.join, keys, [ident, fanId, String(draw ?? ''), String(receipt ?? '')]),
      );
    },
    place: async (fanId: string): Promise<FanPlace | 'none' | 'barred'> => {
      const answer = await run(scripts.place, [room, line, marks, returned], [ident, fanId]);
      return answer[0] === 'ok' ? readPlace(answer) : (answer[0] as 'none' | 'barred');
    },
    /** Ends a place or pass; `passId` limits it to that pass. */
    end: async (fanId: string, kind: 'd' | 'l' | 'b', passId?: string): Promise<boolean> => {
      const keys = [room, line, marks, returned, leases, picked];
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
      const keys = [room, line, marks, returned, leases, picked, window];
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

function settingArgs(settings: RoomSettings): (string | number)[] {
  return [
    settings.version,
    settings.state,
    settings.lobby,
    settings.lobbyMs,
    settings.opensMs,
    settings.ratePerMinute,
    settings.passCap,
    settings.message,
  ];
}

function readJoin(answer: string[]): JoinOutcome {
  if (answer[0] === 'ok') return { outcome: 'ok', ...readPlace(answer) };
  if (answer[0] === 'early') return { outcome: 'early', lobbyMs: Number(answer[1]) };
  return { outcome: answer[0] as 'block' | 'closed' | 'barred' };
}

function readPlace(answer: string[]): FanPlace {
  const [, created, kind, over, score, rank, ahead, pass, expires, state, restoring, lobby] =
    answer;
  return {
    created: created === '1',
    kind: kind as FanPlace['kind'],
    over: over === '1',
    score: score ? Number(score) : null,
    rank: rank ? Number(rank) : null,
    ahead: Number(ahead),
    pass: pass ?? '',
    expiresMs: Number(expires),
    state: state as RoomState,
    restoring: restoring === '1',
    lobby: lobby === '1',
  };
}

function readPicks(answer: string[]): Picked[] {
  const picks: Picked[] = [];
  for (let at = 4; at + 2 < answer.length; at += 3) {
    const [passId = '', fanId = '', score = ''] = answer.slice(at, at + 3);
    picks.push({ passId, fanId, score: Number(score) });
  }
  return picks;
}

function readFigures(answer: string[]): RoomFigures {
  const [, state, nowServing, waiting, measured, set, seats, message, live, cap, span, latched] =
    answer;
  return {
    state: state as RoomState,
    nowServing: Number(nowServing),
    waiting: Number(waiting),
    measuredPerMinute: Number(measured),
    setPerMinute: Number(set),
    seatsLeft: seats ? Number(seats) : null,
    message: message ?? '',
    livePasses: Number(live),
    passCap: Number(cap),
    measuredMs: Number(span),
    latched: latched === '1',
  };
}
