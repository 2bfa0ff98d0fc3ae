import type { Decision, Quota, Rules, UndecidedRequest, Wish } from '../core/domain/decide.js';

import { modelPrice } from './price-model.js';

/**
 * A plain model of deciding, for tests: lists and loops where the product has indexes, and no line
 * of the product's own. It says what each decision may be, not which of equal seats to take.
 */
export type ModelSeat = {
  seat: string;
  rowNo: number;
  x: number;
  zone: string;
  kind: string;
  price: number;
  state: string;
};

export type Plan = {
  seats: ModelSeat[];
  requests: UndecidedRequest[];
  quotas: Map<string, Quota>;
};

/** Whether the free seats among these could satisfy a wish. */
export function judge(seats: ModelSeat[], wish: Wish): 'fits' | 'taken' | 'unknown' | 'too_few' {
  if ('seats' in wish) {
    const wanted = wish.seats.map((name) => seats.find((seat) => seat.seat === name));
    if (wanted.some((seat) => seat === undefined)) return 'unknown';
    return wanted.every((seat) => seat?.state === 'FREE') ? 'fits' : 'taken';
  }
  const open = seats.filter(
    (seat) => seat.state === 'FREE' && (wish.zone === undefined || seat.zone === wish.zone),
  );
  const accessible = open.filter((seat) => seat.kind === 'accessible').length;
  const standard = open.filter((seat) => seat.kind === 'standard').length;
  if (!wish.accessible) return standard >= wish.quantity ? 'fits' : 'too_few';
  const others = open.length - accessible;
  return accessible >= 1 && others >= wish.quantity - 1 ? 'fits' : 'too_few';
}

/** What the model holds against a list of decisions; empty when they are right. */
export function whatIsWrong(
  plan: Plan,
  decisions: Decision[],
  rules: Rules,
  nowMs: number,
): string[] {
  return play(plan, decisions, rules, nowMs).faults;
}

/** The same with the seats and quotas that the decisions leave behind. */
export function play(
  plan: Plan,
  decisions: Decision[],
  rules: Rules,
  nowMs: number,
): { faults: string[]; seats: ModelSeat[]; quotas: Map<string, Quota> } {
  const seats = plan.seats.map((seat): ModelSeat => ({ ...seat }));
  const quotas = new Map([...plan.quotas].map(([fan, quota]) => [fan, { ...quota }]));
  const faults: string[] = [];
  if (decisions.length !== plan.requests.length) faults.push('not one decision per request');
  for (const [index, decision] of decisions.entries()) {
    const { request } = decision;
    if (request.requestId !== plan.requests[index]?.requestId)
      faults.push(`decision ${index} is out of order`);
    const quota = quotas.get(request.fanId) ?? { taken: 0, spentPass: null };
    quotas.set(request.fanId, quota);
    const expected = expectedOf(seats, request, quota, rules, nowMs);
    const actual = decision.kind === 'REFUSED' ? decision.reason : decision.kind;
    if (expected !== actual) faults.push(`${index}: ${actual}, but the model says ${expected}`);
    if (decision.kind === 'REFUSED') faults.push(...alternativeFaults(seats, decision, rules));
    if (decision.kind !== 'GRANTED') continue;
    faults.push(...grantFaults(seats, decision, rules, nowMs));
    quota.taken += decision.seats.length;
    quota.spentPass = request.passId;
    for (const seat of seats) {
      if (decision.seats.some((won) => won.seat === seat.seat)) seat.state = 'HELD';
    }
  }
  return { faults, seats, quotas };
}

function expectedOf(
  seats: ModelSeat[],
  request: UndecidedRequest,
  quota: Quota,
  rules: Rules,
  nowMs: number,
): string {
  const { wish } = request;
  if (nowMs >= rules.startsAtMs || nowMs - request.acceptedAtMs > rules.undecidedMsMax) {
    return 'LAPSED';
  }
  if (quota.spentPass === request.passId) return 'pass_spent';
  if (!seats.some((seat) => seat.state === 'FREE')) return 'sold_out';
  const size = 'seats' in wish ? wish.seats.length : wish.quantity;
  if (quota.taken + size > rules.seatCap) return 'cap_reached';
  const verdict = judge(seats, wish);
  if (verdict === 'fits' && !isAllowed(seats, wish, rules)) return 'leaves_single';
  const verdicts = {
    fits: 'GRANTED',
    taken: 'seats_taken',
    unknown: 'unknown_seat',
    too_few: 'sold_out',
  };
  return verdicts[verdict];
}

/** Whether any choice that satisfies the wish is one that the rule on single seats allows. */
function isAllowed(seats: ModelSeat[], wish: Wish, { orphanRule }: Rules): boolean {
  if ('seats' in wish) return leftAlone(seats, new Set(wish.seats), orphanRule).length === 0;
  if (wish.accessible || orphanRule !== 'strict') return true;
  const open = seats.filter(
    ({ state, kind, zone }) =>
      state === 'FREE' && kind === 'standard' && (wish.zone ?? zone) === zone,
  );
  return combinations(open, wish.quantity).some(
    (choice) => leftAlone(seats, new Set(choice.map((seat) => seat.seat)), 'strict').length === 0,
  );
}

/** Seats that a choice leaves without a free neighbour against the rule. */
export function leftAlone(seats: ModelSeat[], chosen: Set<string>, rule: string): ModelSeat[] {
  const isFree = (rowNo: number, x: number) =>
    seats.find((seat) => seat.rowNo === rowNo && seat.x === x && seat.state === 'FREE');
  const picks = seats.filter((seat) => chosen.has(seat.seat));
  if (rule === 'off' || picks.some((seat) => seat.kind !== 'standard')) return [];
  return seats.filter((seat) => {
    if (seat.state !== 'FREE' || chosen.has(seat.seat) || seat.kind !== 'standard') return false;
    const beside = [seat.x - 1, seat.x + 1].flatMap((x) => isFree(seat.rowNo, x) ?? []);
    if (beside.length === 0 || beside.some((one) => !chosen.has(one.seat))) return false;
    const stretch = [seat];
    for (const step of [-1, 1]) {
      for (let x = seat.x + step; ; x += step) {
        const next = isFree(seat.rowNo, x);
        if (!next) break;
        stretch.push(next);
      }
    }
    const taken = stretch.filter((one) => chosen.has(one.seat)).length;
    return !(rule === 'lenient' && stretch.length === taken + 1);
  });
}

function combinations<T>(list: T[], size: number): T[][] {
  if (size === 0) return [[]];
  return list.flatMap((first, at) =>
    combinations(list.slice(at + 1), size - 1).map((rest) => [first, ...rest]),
  );
}

type Granted = Extract<Decision, { kind: 'GRANTED' }>;
type Refused = Extract<Decision, { kind: 'REFUSED' }>;

function grantFaults(seats: ModelSeat[], grant: Granted, rules: Rules, nowMs: number): string[] {
  const faults: string[] = [];
  const { wish, requestId } = grant.request;
  const say = (text: string) => faults.push(`request ${requestId}: ${text}`);
  const own = grant.seats.map((won) => seats.find((seat) => seat.seat === won.seat));
  if (new Set(own).size !== own.length) say('the same seat twice');
  if (own.some((seat) => seat?.state !== 'FREE')) say('a seat that was not free');
  const size = 'seats' in wish ? wish.seats.length : wish.quantity;
  if (own.length !== size) say(`${own.length} seats for a wish of ${size}`);
  if ('seats' in wish && wish.seats.some((name) => !own.some((seat) => seat?.seat === name))) {
    say('other seats than chosen');
  }
  if (!('seats' in wish) && !wish.accessible && own.some((seat) => seat?.kind !== 'standard')) {
    say('an accessible place that nobody asked for');
  }
  const single = leftAlone(seats, new Set(own.map((seat) => seat?.seat ?? '')), rules.orphanRule);
  const isPicked = !('seats' in wish) && rules.orphanRule !== 'strict';
  if (single.length > 0 && !isPicked) say(`${single[0]?.seat} is left alone`);
  const priced = (base: number) => modelPrice(seats, base, rules.prices, rules.startsAtMs - nowMs);
  const sum = own.reduce(
    (total, seat) => total + priced(seat?.price ?? 0),
    rules.bookingFee * size,
  );
  if (grant.amount !== sum) say('a wrong sum');
  const unbroken = own.every(
    (seat) =>
      seat === own[0] ||
      own.some(
        (one) => one?.rowNo === seat?.rowNo && Math.abs((one?.x ?? 0) - (seat?.x ?? 0)) === 1,
      ),
  );
  const spread = new Set(own.map((seat) => seat?.rowNo)).size === 1 ? spanOf(own) : Infinity;
  if (grant.adjacent !== (unbroken && spread === own.length - 1)) say('a wrong word on adjacency');
  if (grant.expiresAtMs > nowMs + rules.holdMs || grant.limitAtMs < grant.expiresAtMs) {
    say('a wrong end');
  }
  return faults;
}

function spanOf(seats: (ModelSeat | undefined)[]): number {
  const places = seats.map((seat) => seat?.x ?? 0);
  return Math.max(...places) - Math.min(...places);
}

function alternativeFaults(seats: ModelSeat[], refusal: Refused, rules: Rules): string[] {
  const { wish, requestId } = refusal.request;
  const isChoice = refusal.reason === 'seats_taken' || refusal.reason === 'leaves_single';
  if (!isChoice || !('seats' in wish)) {
    return refusal.alternatives.length === 0 ? [] : [`request ${requestId}: needless alternatives`];
  }
  const size = wish.seats.length;
  const wanted = seats.filter((seat) => wish.seats.includes(seat.seat));
  const asked = wanted.some((seat) => seat.kind === 'accessible');
  const open = seats.filter((seat) => seat.state === 'FREE' && (asked || seat.kind === 'standard'));
  const names = new Set(open.map((seat) => seat.seat));
  const faults = refusal.alternatives
    .filter(
      (block) =>
        new Set(block).size !== size ||
        block.some((name) => !names.has(name)) ||
        leftAlone(seats, new Set(block), rules.orphanRule).length > 0,
    )
    .map((block) => `request ${requestId}: ${block.join(' ')} is no alternative`);
  const must = rules.orphanRule === 'off' && !asked && open.length >= size;
  if (refusal.alternatives.length === 0 && must) {
    faults.push(`request ${requestId}: no alternative, though ${open.length} are free`);
  }
  return faults;
}
