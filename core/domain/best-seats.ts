import { freeSeats, type Row, type Seat, type SeatMap } from './seat-map.js';
import { leavesSingle, type OrphanRule } from './single-seats.js';
import { findTidySeats } from './tidy-seats.js';

export type SeatWish = { quantity: number; zone?: string; accessible?: boolean };

/** How to choose: the sale's rule, and what decides among equals, such as the request's number. */
export type Choosing = { rule?: OrphanRule; seed?: number };

/** What a step away in rows weighs beside a step in seats: neighbouring rows are further apart. */
const rowWeight = 1.6;
/** An alternative that leaves one seat alone counts as this many seats further away. */
const orphanPenalty = 12;
/** The best row lies this share of the way from screen to back wall. */
const bestRowShare = 0.62;

type Group = { seats: Seat[]; cost: number };
type Block = Group & { orphans: number };

/**
 * The best free seats for a wish: side by side without leaving one alone, else side by side, else
 * the nearest to each other around the best free place. Distance is measured from the true middle
 * of the row, not of what is left; the seed decides among equals. Undefined when fewer seats are
 * free than wished, `leaves_single` when a strict rule allows none of the choices.
 */
export function findBestSeats(
  map: SeatMap,
  wish: SeatWish,
  { rule = 'off', seed }: Choosing = {},
): Seat[] | undefined | 'leaves_single' {
  if (wish.accessible) return findAccessibleSeats(map, wish);
  const fits = (seat: Seat) => seat.kind === 'standard' && matches(seat, wish);
  const center = bestRow(map);
  const cost = (seat: Seat, row: Row) => distance(seat, row, center);
  const best =
    bestBlock(map, wish.quantity, fits, cost, seed) ??
    nearestSeats(map, wish.quantity, fits, center);
  if (rule !== 'strict' || !best || leavesSingle(map, best, rule).length === 0) return best;
  const [middle] = best;
  const near = (seat: Seat) => (middle ? apart(seat, middle) : 0);
  return findTidySeats(map, wish.quantity, fits, near) ?? 'leaves_single';
}

/**
 * Up to `most` free choices of the wanted size that the rule allows, nearest to the wanted seats
 * first. They are free in the state they were worked out of. Accessible places are offered only to
 * those who wanted one.
 */
export function findAlternatives(
  map: SeatMap,
  wanted: Seat[],
  most: number,
  rule: OrphanRule = 'off',
): Seat[][] {
  const first = wanted[0];
  if (!first || freeSeats(map) < wanted.length) return [];
  const place = wanted.find((seat) => seat.kind === 'accessible');
  if (place) {
    const other = findAccessibleSeats(map, { quantity: wanted.length }, place);
    return other ? [other] : [];
  }
  const found = nearBlocks(map, wanted, most, rule);
  if (found.length > 0) return found.map((block) => block.seats);
  const scattered = findBestSeats(map, { quantity: wanted.length }, { rule });
  if (!scattered || scattered === 'leaves_single') return [];
  return leavesSingle(map, scattered, rule).length === 0 ? [scattered] : [];
}

/** Free blocks that share no seat, nearest to the wanted seats first. */
function nearBlocks(map: SeatMap, wanted: Seat[], most: number, rule: OrphanRule): Block[] {
  const rowNo = wanted.reduce((sum, seat) => sum + seat.rowNo, 0) / wanted.length;
  const x = wanted.reduce((sum, seat) => sum + seat.x, 0) / wanted.length;
  const found: Block[] = [];
  const rowsByNearness = [...map.rows].sort(
    (a, b) => Math.abs(a.rowNo - rowNo) - Math.abs(b.rowNo - rowNo),
  );
  for (const row of rowsByNearness) {
    const rowCost = Math.abs(row.rowNo - rowNo) * rowWeight;
    const worst = found.length < most ? Number.POSITIVE_INFINITY : (found.at(-1)?.cost ?? 0);
    if (rowCost > worst) break;
    const blocks = freeBlocks(row, wanted.length, isStandardFree, (seat) => Math.abs(seat.x - x));
    const priced = blocks
      .filter((block) => block.orphans === 0 || leavesSingle(map, block.seats, rule).length === 0)
      .map((block) => ({
        ...block,
        cost: block.cost + rowCost + block.orphans * orphanPenalty,
      }));
    found.push(...disjoint(priced));
    found.sort((a, b) => a.cost - b.cost);
    found.length = Math.min(found.length, most);
  }
  return found;
}

function isStandardFree(seat: Seat): boolean {
  return seat.kind === 'standard' && seat.state === 'FREE';
}

function matches(seat: Seat, wish: SeatWish): boolean {
  return seat.state === 'FREE' && (wish.zone === undefined || seat.zone === wish.zone);
}

function bestRow(map: SeatMap): number {
  return (map.rows.at(-1)?.rowNo ?? 0) * bestRowShare;
}

function distance(seat: Seat, row: Row, centerRow: number): number {
  return Math.abs(row.rowNo - centerRow) * rowWeight + Math.abs(seat.x - row.middleX);
}

function bestBlock(
  map: SeatMap,
  size: number,
  fits: (seat: Seat) => boolean,
  cost: (seat: Seat, row: Row) => number,
  seed?: number,
): Seat[] | undefined {
  let best: Block | undefined;
  let equals = 0;
  for (const row of map.rows) {
    for (const block of freeBlocks(row, size, fits, (seat) => cost(seat, row))) {
      if (!best || isBetter(block, best)) {
        best = block;
        equals = 1;
      } else if (seed !== undefined && !isBetter(best, block)) {
        equals += 1;
        if (scatter(seed + equals) % equals === 0) best = block;
      }
    }
  }
  return best?.seats;
}

/** Spreads whole numbers over 32 bits: the same number always lands on the same place. */
export function scatter(number: number): number {
  const mixed = Math.imul((number | 0) ^ (number >>> 15), 0x2c1b3c6d);
  return Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0;
}

function isBetter(a: Block, b: Block): boolean {
  return a.orphans === b.orphans ? a.cost < b.cost : a.orphans < b.orphans;
}

/** Every free block of a row with its mean cost and how many seats it leaves alone. */
function freeBlocks(
  row: Row,
  size: number,
  fits: (seat: Seat) => boolean,
  cost: (seat: Seat) => number,
): Block[] {
  const blocks: Block[] = [];
  for (const run of row.runs) {
    for (let start = 0; start + size <= run.length; start += 1) {
      const seats = run.slice(start, start + size);
      if (!seats.every(fits)) continue;
      const orphans = leavesOrphan(run, start - 1, -1) + leavesOrphan(run, start + size, 1);
      const mean = seats.reduce((sum, seat) => sum + cost(seat), 0) / size;
      blocks.push({ seats, cost: mean, orphans });
    }
  }
  return blocks;
}

/** 1 when the free seat at `index` would have no free neighbour further out. */
function leavesOrphan(run: Seat[], index: number, outward: 1 | -1): number {
  const next = run[index];
  if (next?.state !== 'FREE' || next.kind !== 'standard') return 0;
  return run[index + outward]?.state === 'FREE' ? 0 : 1;
}

/** Keeps blocks that share no seat, cheapest first, so that alternatives are true alternatives. */
function disjoint(blocks: Block[]): Block[] {
  const kept: Block[] = [];
  const used = new Set<number>();
  for (const block of [...blocks].sort((a, b) => a.cost - b.cost)) {
    if (block.seats.some((seat) => used.has(seat.seatNo))) continue;
    for (const seat of block.seats) used.add(seat.seatNo);
    kept.push(block);
  }
  return kept;
}

/** No block fits: the free seats nearest to each other, in the same or neighbouring rows. */
function nearestSeats(
  map: SeatMap,
  size: number,
  fits: (seat: Seat) => boolean,
  centerRow: number,
): Seat[] | undefined {
  const free = map.rows.flatMap((row) =>
    row.runs
      .flat()
      .filter(fits)
      .map((seat) => ({ seat, cost: distance(seat, row, centerRow) })),
  );
  if (free.length < size) return undefined;
  const anchors = [...free].sort((a, b) => a.cost - b.cost).slice(0, anchorsMax);
  let best: Group | undefined;
  for (const { seat: anchor } of anchors) {
    const around = free
      .map(({ seat, cost: own }) => ({ seat, own, cost: apart(seat, anchor) }))
      .sort((a, b) => a.cost - b.cost || a.own - b.own || a.seat.seatNo - b.seat.seatNo)
      .slice(0, size);
    const cost = around.reduce((sum, entry) => sum + entry.cost, 0);
    if (!best || cost < best.cost) best = { seats: around.map((entry) => entry.seat), cost };
  }
  return best?.seats.sort((a, b) => a.seatNo - b.seatNo);
}

/** Places tried as the middle of a scattered group: bounds the search in a large hall. */
const anchorsMax = 24;

function apart(a: Seat, b: Seat): number {
  return Math.abs(a.rowNo - b.rowNo) * rowWeight + Math.abs(a.x - b.x);
}

/** One accessible place with its companions beside it, for those who ask; near a place, if given. */
function findAccessibleSeats(map: SeatMap, wish: SeatWish, near?: Seat): Seat[] | undefined {
  const places = map.seats.filter((seat) => seat.kind === 'accessible' && matches(seat, wish));
  let best: Group | undefined;
  for (const place of places) {
    const others = map.seats
      .filter((seat) => seat !== place && seat.kind !== 'accessible' && matches(seat, wish))
      .map((seat) => ({ seat, cost: apart(seat, place) - (seat.kind === 'companion' ? 1 : 0) }))
      .sort((a, b) => a.cost - b.cost || a.seat.seatNo - b.seat.seatNo)
      .slice(0, wish.quantity - 1);
    if (others.length < wish.quantity - 1) continue;
    const away = near ? apart(place, near) : 0;
    const cost = others.reduce((sum, entry) => sum + entry.cost, away);
    const seats = [place, ...others.map((entry) => entry.seat)];
    if (!best || cost < best.cost) best = { seats, cost };
  }
  return best?.seats.sort((a, b) => a.seatNo - b.seatNo);
}
