import type { Run, Seat, SeatMap } from './seat-map.js';

/**
 * Whether a choice may leave one free seat alone: always, never, or only where its stretch of free
 * seats has exactly one more than the choice, so that another choice there would leave one too.
 */
export const orphanRules = ['off', 'lenient', 'strict'] as const;
export type OrphanRule = (typeof orphanRules)[number];

/**
 * The free seats that a choice of free seats would leave alone against a sale's rule. A seat that
 * was alone before is not the choice's fault, an accessible or companion place is sold alone, and
 * whoever chooses such places is held to no rule.
 */
export function leavesSingle(map: SeatMap, chosen: Seat[], rule: OrphanRule): Seat[] {
  if (rule === 'off' || chosen.some((seat) => seat.kind !== 'standard')) return [];
  const picks = new Set(chosen);
  const runs = new Set(chosen.map((seat) => runOf(map, seat)));
  return [...runs].flatMap((run) =>
    stretchesOf(run).flatMap((stretch) => {
      const taken = stretch.filter((seat) => picks.has(seat)).length;
      if (taken === 0 || (rule === 'lenient' && stretch.length === taken + 1)) return [];
      return stretch.filter(
        (seat, at) =>
          seat.kind === 'standard' &&
          !picks.has(seat) &&
          isGone(stretch[at - 1], picks) &&
          isGone(stretch[at + 1], picks),
      );
    }),
  );
}

function isGone(neighbour: Seat | undefined, picks: Set<Seat>): boolean {
  return neighbour === undefined || picks.has(neighbour);
}

function runOf(map: SeatMap, seat: Seat): Run {
  const row = map.rows.find((one) => one.rowNo === seat.rowNo);
  return row?.runs.find((run) => run.includes(seat)) ?? [];
}

/** The longest blocks of free seats of a run. */
export function stretchesOf(run: Run): Seat[][] {
  const stretches: Seat[][] = [[]];
  for (const seat of run) {
    if (seat.state === 'FREE') stretches.at(-1)?.push(seat);
    else if (stretches.at(-1)?.length) stretches.push([]);
  }
  return stretches;
}
