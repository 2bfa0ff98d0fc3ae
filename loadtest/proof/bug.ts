// What a planted bug is, and the trouble that some of them need.
import type { Rule } from '../audit/findings.js';
import type { Behaviour } from '../crowd/plan.js';

export type Patch = { file: string; from: string; to: string };

export type Bug = {
  name: string;
  bug: string;
  /** Rules of which at least one must turn red. */
  rules: Rule[];
  patches: Patch[];
  /** What is wrong in the surroundings, also without the bug: without it the run must be clean. */
  trouble?: 'seat locks held by others' | 'statements fail at random';
  /** Guards of last resort that would refuse the bug's rows, dropped before and made again. */
  unguard?: { database: 'catalog' | 'shard'; drop: string; make: string[] }[];
  /** Judged over all sales: what the provider tells names none. */
  wholeAudit?: true;
  /** What staff do when the crowd has gone. */
  afterwards?: 'desk and door' | 'a move';
  behaviour?: Partial<Behaviour>;
  seatCap?: number;
  /** Gives the sale a waitlist whose offers last so long. */
  offerSeconds?: number;
  ratePerMinute?: number;
  /** Milliseconds over which the fans come (2000). */
  overMs?: number;
};

/** One statement in so many fails as a deadlock victim's does; transactions are to be repeated. */
export const troublePatches: Record<NonNullable<Bug['trouble']>, Patch[]> = {
  'seat locks held by others': [],
  'statements fail at random': [
    {
      file: 'core/store/shard/bookings.js',
      from: 'await tx.change(`INSERT INTO booking',
      to: "if (Math.random() < 0.5) throw Object.assign(new Error('Deadlock found'), { errno: 1213 });\n    await tx.change(`INSERT INTO booking",
    },
  ],
};
