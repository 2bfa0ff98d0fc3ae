// What the room's scripts are told and answer, as values with names.

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
  /** Percent of the rate for fans with priority. */
  priorityShare: number;
};

export type LoadedAdmission = Picked & { state: string; expiresAtMs: number };

export function settingArgs(settings: RoomSettings): (string | number)[] {
  return [
    settings.version,
    settings.state,
    settings.lobby,
    settings.lobbyMs,
    settings.opensMs,
    settings.ratePerMinute,
    settings.passCap,
    settings.message,
    settings.priorityShare,
  ];
}

/** One join of a call that asks for many. */
export type JoinAsk = {
  fanId: string;
  /** The fan's score in a draw. */
  draw: number | null;
  /** A receipt's score or 'lobby'. */
  receipt: number | 'lobby' | null;
  /** Served with a share of the rate. */
  priority: boolean;
};

export function joinArgs({ fanId, draw, receipt, priority }: JoinAsk): string[] {
  return [fanId, String(draw ?? ''), String(receipt ?? ''), priority ? '1' : ''];
}

export function readJoin(text: string): JoinOutcome {
  const answer = text.split('|');
  if (answer[0] === 'ok') return { outcome: 'ok', ...readPlace(answer) };
  if (answer[0] === 'early') return { outcome: 'early', lobbyMs: Number(answer[1]) };
  return { outcome: answer[0] as 'block' | 'closed' | 'barred' };
}

export function readPlace(answer: string[]): FanPlace {
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

export function readPicks(answer: string[]): Picked[] {
  const picks: Picked[] = [];
  for (let at = 4; at + 2 < answer.length; at += 3) {
    const [passId = '', fanId = '', score = ''] = answer.slice(at, at + 3);
    picks.push({ passId, fanId, score: Number(score) });
  }
  return picks;
}

export function readFigures(answer: string[]): RoomFigures {
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
