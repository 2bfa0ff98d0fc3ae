import {
  type Decision,
  decide,
  type Rules,
  type UndecidedRequest,
  undecidedMsMax,
} from '../core/domain/decide.js';
import { type SeatMap, setSeat } from '../core/domain/seat-map.js';
import { refuseIntoLine } from '../core/domain/waitlist.js';
import type { Fault } from './faults.js';
import { hasLine, joinRefused, mapOf, offerFreed, requeue, type Served } from './line.js';
import {
  areFree,
  endHold,
  hold,
  isHeadFree,
  move,
  type ReservationRow,
  type Rows,
  type Shard,
} from './shard.js';
import { fanIdOf, fanOf } from './step.js';

/** What a fan is told of a request. */
export type Answer = { requestId: number; state: string };

/** A batch inside its transaction: a copy of the rows that the commit puts in their place. */
type Open = { rows: Rows; map: SeatMap; decided: Decided };

export type Decided = {
  decisions: Decision[];
  overdue: ReservationRow[];
  served: Served | undefined;
  rules: Rules;
  nowMs: number;
};

export type Processor = {
  /** As they were when the journal was read. */
  collected: UndecidedRequest[];
  /** The seats as this process left them, and the version for which they are true. */
  cache: { version: number; map: SeatMap } | null;
  open: Open | null;
  untold: Answer[];
};

export const newProcessor = (): Processor => ({
  collected: [],
  cache: null,
  open: null,
  untold: [],
});

const batchRowsMax = 5;

/** Reads what waits, in the order of the journal, without a lock. */
export function collect({ rows }: Shard, processor: Processor): void {
  if (processor.open) return;
  processor.collected = [...rows.requests.values()]
    .filter((request) => request.state === 'ACCEPTED')
    .slice(0, batchRowsMax)
    .map(({ requestId, fan, passId, wish, acceptedAtMs }) => ({
      ...{ requestId, fanId: fanIdOf(fan), passId, wish, acceptedAtMs },
    }));
}

/** Somebody else was faster: nothing is written, and the journal is read again. */
class Outdated extends Error {}

/** Takes the head and does all the work of a batch short of the commit. */
export function lock(shard: Shard, processor: Processor, who: number, fault?: Fault): void {
  if (processor.open || !isHeadFree(shard)) return;
  const { nowMs } = shard.clock;
  const isIdle = processor.collected.length === 0 && overdueOf(shard.rows, nowMs).length === 0;
  if (isIdle) return;
  try {
    processor.open = work(shard, processor, fault);
    shard.lock = { owner: who, sinceMs: nowMs };
    if (fault?.name === 'told before the commit') tell(processor, processor.open);
  } catch (error) {
    if (!(error instanceof Outdated)) throw error;
    forget(processor);
  }
}

function forget(processor: Processor): void {
  Object.assign(processor, { collected: [], cache: null, open: null });
}

const overdueOf = (rows: Rows, nowMs: number): ReservationRow[] =>
  [...rows.reservations.values()].filter(
    ({ state, dueAtMs }) => state === 'HELD' && dueAtMs !== null && dueAtMs <= nowMs,
  );

export function rulesOf({ settings, startsAtMs }: Shard): Rules {
  const { seatCap, orphanRule, holdMs } = settings;
  const held = { holdMs, holdLimitMs: 2 * holdMs };
  return { seatCap, orphanRule, ...held, bookingFee: 0, prices: null, startsAtMs, undecidedMsMax };
}

function work(shard: Shard, processor: Processor, fault: Fault | undefined): Open {
  const { nowMs } = shard.clock;
  const rows = { ...structuredClone(shard.rows), events: [] };
  const isTrusted = processor.cache?.version === rows.version || fault?.name === 'old map';
  const map = isTrusted && processor.cache ? processor.cache.map : mapOf(rows);
  processor.cache = null;
  const overdue = fault?.name === 'holds that never lapse' ? [] : overdueOf(rows, nowMs);
  const ended = structuredClone(overdue);
  const passedOver = new Set<number>();
  for (const held of overdue) {
    for (const seatNo of held.seatNos) free(map, seatNo);
    endHold(rows, held, 'EXPIRED');
    if (!held.offered) continue;
    passedOver.add(held.fan);
    requeue(rows, held.fan, held.seatNos.length);
  }
  const quotas = structuredClone(rows.quotas);
  const served =
    overdue.length > 0 ? offerFreed(shard, rows, passedOver, { map, quotas }) : undefined;
  const rules = rulesOf(shard);
  const asked = fault?.order ? fault.order(processor.collected) : processor.collected;
  const found = decide(asked, fault?.map ? fault.map(map) : map, quotas, rules, nowMs);
  const decisions = hasLine(shard) ? refuseIntoLine(found) : found;
  write(rows, decisions, fault);
  joinRefused(shard, rows, decisions);
  return { rows, map, decided: { decisions, overdue: ended, served, rules, nowMs } };
}

function free(map: SeatMap, seatNo: number): void {
  const seat = map.byNo.get(seatNo);
  if (seat) setSeat(map, seat, 'FREE');
}

/** The last look at the rows under the lock, then the writes. */
function write(rows: Rows, decisions: Decision[], fault: Fault | undefined): void {
  for (const decision of decisions) {
    const request = rows.requests.get(decision.request.requestId);
    if (!request) throw new Outdated();
    const isReplay = request.state !== 'ACCEPTED';
    if (isReplay && fault?.name !== 'batch replayed') throw new Outdated();
    request.state = isReplay ? decision.kind : request.state;
    if (!isReplay) move('request', request, decision.kind);
    if (decision.kind === 'REFUSED') request.reason = decision.reason;
    if (decision.kind !== 'GRANTED') continue;
    const seatNos = decision.seats.map((seat) => seat.seatNo);
    if (fault?.name !== 'old map' && !fault?.map && !areFree(rows, seatNos)) throw new Outdated();
    const { requestId, passId, fanId } = decision.request;
    const { expiresAtMs } = decision;
    const times = { expiresAtMs, dueAtMs: expiresAtMs };
    const owner = { reservationId: requestId, fan: fanOf(fanId), passId, seatNos };
    hold(rows, { ...owner, ...times, state: 'HELD', offered: false });
    rows.outbox.push(passId);
  }
}

/** What was decided becomes true, unless the server has dropped the connection meanwhile. */
export function commit(
  shard: Shard,
  processor: Processor,
  who: number,
  fault?: Fault,
): Decided | undefined {
  const { open } = processor;
  if (!open) return undefined;
  isHeadFree(shard);
  if (shard.lock?.owner !== who && fault?.name !== 'no fencing') {
    forget(processor);
    return undefined;
  }
  shard.lock = null;
  // What was accepted meanwhile asked nobody for the head.
  for (const [id, request] of shard.rows.requests) {
    if (!open.rows.requests.has(id)) open.rows.requests.set(id, request);
  }
  shard.rows = open.rows;
  processor.cache = { version: open.rows.version, map: open.map };
  processor.open = null;
  processor.collected = [];
  if (fault?.name !== 'told before the commit') tell(processor, open);
  return open.decided;
}

function tell(processor: Processor, { decided }: Open): void {
  processor.untold.push(
    ...decided.decisions.map(({ kind, request }) => ({
      requestId: request.requestId,
      state: kind,
    })),
  );
}

/** The process dies: what it had in memory is gone, and so is its connection. */
export function killProcessor(shard: Shard, processor: Processor, who: number): void {
  if (shard.lock?.owner === who) shard.lock = null;
  forget(processor);
  processor.untold = [];
}
