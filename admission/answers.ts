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
  /** Waits in the line or the returned set, was away, is picked, admitted, done, left, endless. */
  kind: 'w' | 'q' | 'y' | 'p' | 'a' | 'd' | 'l' | 'e';
  /** Done, left, or had a pass or a place that ran out. */
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
  /** `again`: a place that was given up and is taken once more. */
  | ({ outcome: 'ok'; again: boolean } & FanPlace)
  | { outcome: 'block' | 'closed' | 'draining' | 'barred' }
  | { outcome: 'early'; lobbyMs: number };

/** How a fan asks: the sign of life lasts longer on a phone, and a banned account waits for ever. */
export type Asker = {
  /** A phone or a hidden page, whose signs of life may be far apart. */
  patient: boolean;
  /** A banned account. */
  banned: boolean;
};

/** Why fewer are let in than the rate says. */
export type RoomReason =
  | 'paused'
  | 'restoring'
  | 'closed'
  | 'seats_held'
  | 'lanes'
  | 'shard'
  | 'payments'
  | 'pass_cap'
  | 'draining';

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
  reason: RoomReason | null;
  seatsHeld: number | null;
  /** Places a minute by which the line moved on: those let in and those who had gone. */
  movedPerMinute: number;
  /** Percent of the rate at which fans are let in at present. */
  pacePercent: number;
  /** Fans who stepped aside and have not come back. */
  away: number;
  noShowPercent: number | null;
};

export type Picked = { passId: string; fanId: string; score: number; byStaff: boolean };

export type Ticked = {
  /** This tick is the one that tells the room's numbers. */
  announce: boolean;
  /** Sequence numbers that the room may still give out. */
  seqLeft: number;
  /** Redis's clock at the tick. */
  tickMs: number;
  /** Fans who stepped aside at this tick; a page of theirs that is there brings them back. */
  called: string[];
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
  draining: boolean;
  noShowPercent: number;
  /** Percent of the rate for fans with priority. */
  priorityShare: number;
};

export type LoadedAdmission = Omit<Picked, 'byStaff'> & { state: string; expiresAtMs: number };

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
    settings.draining ? '1' : '0',
    settings.noShowPercent,
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
  /** A phone or a hidden page. */
  patient: boolean;
  /** Waits for ever. */
  banned: boolean;
};

export function joinArgs(ask: JoinAsk): string[] {
  const { priority, patient, banned } = ask;
  const flags = `${priority ? 'f' : ''}${patient ? 'p' : ''}${banned ? 'e' : ''}`;
  return [ask.fanId, String(ask.draw ?? ''), String(ask.receipt ?? ''), flags];
}

export function readJoin(text: string): JoinOutcome {
  const answer = text.split('|');
  if (answer[0] === 'ok' || answer[0] === 'again') {
    return { outcome: 'ok', again: answer[0] === 'again', ...readPlace(answer) };
  }
  if (answer[0] === 'early') return { outcome: 'early', lobbyMs: Number(answer[1]) };
  return { outcome: answer[0] as 'block' | 'closed' | 'draining' | 'barred' };
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
  for (let at = 5; at + 3 < answer.length; at += 4) {
    const [passId = '', fanId = '', score = '', by] = answer.slice(at, at + 4);
    picks.push({ passId, fanId, score: Number(score), byStaff: by === 's' });
  }
  return picks;
}

/** A part of the roster: who came or left, each with the score of now. */
export type RosterPart = { opened: boolean; members: { member: string; score: number | null }[] };

export function readRosterPart([, opened, text]: string[]): RosterPart {
  const told = text ? text.split(',') : [];
  const members: RosterPart['members'] = [];
  for (let at = 0; at + 1 < told.length; at += 2) {
    const score = told[at + 1] ? Number(told[at + 1]) : null;
    members.push({ member: told[at] ?? '', score });
  }
  return { opened: opened === '1', members };
}

export function readFigures(answer: string[]): RoomFigures {
  const [, state, nowServing, waiting, measured, set, seats, message, live, cap, span, latched] =
    answer;
  const [reason, held, moved, pace, away, noShows] = answer.slice(12);
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
    reason: reason ? (reason as RoomReason) : null,
    seatsHeld: held ? Number(held) : null,
    movedPerMinute: Number(moved),
    pacePercent: Number(pace),
    away: Number(away),
    noShowPercent: noShows ? Number(noShows) : null,
  };
}
