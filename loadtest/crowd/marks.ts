import { nowMs } from './client-log.js';

/** Where a fan's journey ended. */
export const endings = [
  ...['booked', 'abandoned', 'released', 'sold_out', 'unlucky', 'left', 'declined', 'refused'],
  ...['lost_hold', 'closed_page', 'out_of_time', 'failed'],
] as const;
export type Ending = (typeof endings)[number];
export type MarkKind =
  | 'arrived'
  | 'joined'
  | 'admitted'
  | 'granted'
  | 'refused'
  | 'booked'
  | 'ended';

export type Mark = { kind: MarkKind; atMs: number /** How long this step took. */; tookMs: number };

/** What happened when, in milliseconds after the start of the run. */
export type Marks = {
  add(kind: MarkKind, tookMs?: number): void;
  end(fan: { no: number; ending: Ending; why?: string; waitedMs: number | null }): void;
  marks: Mark[];
  ended: { no: number; ending: Ending; why?: string; waitedMs: number | null }[];
  /** How much later than planned fans set out, which makes all figures doubtful if large. */
  lateMs: number[];
};

export function openMarks(startMs: number): Marks {
  const face: Marks = {
    marks: [],
    ended: [],
    lateMs: [],
    add: (kind, tookMs = 0) => {
      face.marks.push({ kind, atMs: nowMs() - startMs, tookMs });
    },
    end: (fan) => {
      face.add('ended');
      face.ended.push(fan);
    },
  };
  return face;
}
