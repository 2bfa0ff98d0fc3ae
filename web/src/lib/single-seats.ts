import type { Seat, SeatMap, SeatRow } from './types.js';

/**
 * Seats that the choice would leave alone against the show's rule, which the server will hold it
 * to: told while choosing, so that nobody is refused by surprise.
 */
export function leavesSingle(map: SeatMap, chosen: string[]): string[] {
  const picks = new Set(chosen);
  const seats = map.rows.flatMap((row) => row.seats.filter((seat) => picks.has(seat.seat)));
  if (map.orphan_rule === 'off' || seats.some((seat) => seat.kind !== undefined)) return [];
  const isGone = (seat: Seat | undefined): boolean => seat === undefined || picks.has(seat.seat);
  return map.rows.flatMap(freeStretches).flatMap((stretch) => {
    const taken = stretch.filter((seat) => picks.has(seat.seat)).length;
    const unavoidable = map.orphan_rule === 'lenient' && stretch.length === taken + 1;
    if (taken === 0 || unavoidable) return [];
    return stretch
      .filter(
        (seat, at) =>
          seat.kind === undefined &&
          !picks.has(seat.seat) &&
          isGone(stretch[at - 1]) &&
          isGone(stretch[at + 1]),
      )
      .map((seat) => seat.seat);
  });
}

/** Free seats side by side: an aisle or a taken seat ends a stretch. */
function freeStretches(row: SeatRow): Seat[][] {
  const stretches: Seat[][] = [];
  let before: Seat | undefined;
  for (const seat of [...row.seats].sort((a, b) => a.x - b.x)) {
    if (seat.state === 'free') {
      if (before?.state === 'free' && before.x === seat.x - 1) stretches.at(-1)?.push(seat);
      else stretches.push([seat]);
    }
    before = seat;
  }
  return stretches;
}
